import { phases } from '#contract/lifecycle'
import type { AddVerbs, Context } from '../context.ts'
import { renderSpan } from '../show/amount.ts'
import { renderMachines, renderProgress } from '../show/machine.ts'
import { waitFor } from '../wait/wait-for.ts'
import { oneOf, parseSeconds, splitLast } from './words.ts'

/** `wait M… PHASE`: returns when all are there; 1 on time-out or `failed`. */
export const addWaitVerb: AddVerbs = (program, bind) => {
  program.command('wait').description('waits until machines are in a phase').usage('<machine...> <phase> [--timeout SECONDS]').argument('<words...>', 'machines, then the phase')
    .option('--timeout <seconds>', 'give up after this long (default: never)').action(bind(wait))
}

async function wait(context: Context, words: string[], options: { timeout?: string }): Promise<0 | 1> {
  const { machines, last } = splitLast(words, 'phase')
  const phase = oneOf(last, phases, 'the phase')
  const timeoutMs = options.timeout === undefined ? undefined : parseSeconds(options.timeout, '--timeout') * 1000
  const { terminal, paint } = context
  const startedAt = terminal.now()
  const told = new Map<string, string>()
  const outcome = await waitFor(context.api(), {
    machines, phase, timeoutMs, signal: terminal.interrupted,
    changed(machine) {
      const line = renderProgress(machine)
      // Numbers move all the time: in a log file only a new step is news.
      const news = terminal.errIsTty ? line : line.replace(/ \d+ % of .*/, '')
      if (told.get(machine.id) === news) return
      told.set(machine.id, news)
      context.note(`${paint.dim(renderSpan(terminal.now() - startedAt).padStart(6))}  ${machine.name}: ${line}\n`)
    },
    away: (reason) => context.note(reason === undefined ? 'The appliance is back.\n' : `Waiting for the appliance: ${reason}\n`),
  })
  context.answer(outcome.machines, () => (outcome.kind === 'reached' ? renderMachines(outcome.machines, paint, terminal.now()) : ''))
  if (outcome.kind === 'reached') return 0
  if (outcome.kind === 'failed') {
    const { machine } = outcome
    context.note(`${paint.bad('systemcloud:')} ${machine.name} ${renderProgress(machine)}. See "systemcloud logs ${machine.name}", then "systemcloud retry ${machine.name}".\n`)
  } else {
    const missing = outcome.machines.filter((machine) => machine.phase !== phase).map((machine) => `${machine.name} is ${renderProgress(machine)}`)
    context.note(`${paint.bad('systemcloud:')} not ${phase} after ${renderSpan(timeoutMs ?? 0)}: ${missing.join('; ') || 'the appliance never answered'}\n`)
  }
  return 1
}
