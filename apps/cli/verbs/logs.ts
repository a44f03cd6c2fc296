import { setTimeout as sleep } from 'node:timers/promises'
import type { JournalEvent, LogLine } from '#contract/events'
import { openLive } from '../appliance/live.ts'
import type { AddVerbs, Context } from '../context.ts'
import type { Paint } from '../show/paint.ts'
import { untrusted } from '../show/table.ts'
import { mayPass } from '../wait/wait-for.ts'

const pageSize = 1000

/** `logs M [-f]` and `events [M]`: what a machine says, and what the appliance recorded. */
export const addLogVerbs: AddVerbs = (program, bind) => {
  program.command('logs').description("a machine's log: boot, kernel, ramdisk, agent, journal").argument('<machine>').option('-f, --follow', 'go on until Ctrl-C').action(bind(logs))
  program.command('events').description('the journal: of one machine, or of all').argument('[machine]').option('--after <seq>', 'only lines after this number', '0').action(bind(events))
}

/** A log line for people; with colour where it is wanted. */
export function renderLogLine(line: LogLine, paint: Paint): string {
  return `${paint.dim(line.at.slice(11, 23))} ${line.source.padEnd(7)} ${byLevel(line.level, paint)(untrusted(line.text))}\n`
}

async function logs(context: Context, name: string, options: { follow?: boolean }): Promise<void> {
  const { terminal, paint } = context
  const machine = await context.api().machine(name)
  const print = (line: LogLine): void => terminal.out(context.json ? `${JSON.stringify(line)}\n` : renderLogLine(line, paint))
  let after: number | undefined
  // The position decides, so each line is shown once and in order whatever a page repeats.
  const show = (lines: readonly LogLine[]): void => {
    for (const line of lines) if (after === undefined || line.seq > after) { after = line.seq; print(line) }
  }
  const catchUp = async (): Promise<void> => {
    for (;;) {
      const page = await context.api().log(machine.id, after, pageSize)
      show(page.lines)
      if (page.lines.length < pageSize) return
    }
  }
  await catchUp()
  if (options.follow !== true) return
  const news = new EventTarget()
  const live = openLive(context.target(), { room: `machine:${machine.id}`, log: () => news.dispatchEvent(new Event('news')), connected: () => news.dispatchEvent(new Event('news')) })
  try {
    while (!terminal.interrupted.aborted) {
      await until(news, live.connected() ? 5000 : 1000, terminal.interrupted)
      try {
        await catchUp()
      } catch (error) {
        if (!mayPass(error)) throw error
      }
    }
  } finally {
    live.close()
  }
}

async function events(context: Context, name: string | undefined, options: { after: string }): Promise<void> {
  const all: JournalEvent[] = []
  for (let after = Number(options.after) || 0; ;) {
    const page = await context.api().events(name, after, pageSize)
    all.push(...page.events)
    const last = page.events.at(-1)
    if (last === undefined || page.events.length < pageSize || last.seq <= after) break
    after = last.seq
  }
  const { paint } = context
  context.answer(all, () => all.map((event) => `${paint.dim(event.at.slice(0, 19).replace('T', ' '))} ${event.kind.padEnd(20)} ${byLevel(event.level, paint)(untrusted(event.text))}\n`).join(''))
}

function byLevel(level: LogLine['level'], paint: Paint): (text: string) => string {
  return { debug: paint.dim, info: (text: string) => text, warn: paint.warn, error: paint.bad }[level]
}

/** Waits for news, at most `ms`, or until the person gives up. A short pause follows, so that a burst is asked for once. */
async function until(news: EventTarget, ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      news.removeEventListener('news', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    news.addEventListener('news', done)
    signal.addEventListener('abort', done)
  })
  await sleep(50)
}
