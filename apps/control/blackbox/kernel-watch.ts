import type { JournalEvent, LogLine } from '#contract/events'
import type { NewLine } from '../events/journal.ts'

const mostAlarms = 5
const died = /kernel panic|not syncing|attempted to kill init/i
/** What means trouble, by who says it: every kernel names its certificates and its command line, but from the ramdisk these are complaints. */
const alarming = {
  kernel: /out of memory|oom-kill|initramfs unpacking failed|i\/o error|hardware error|no working init|cannot mount|unable to mount|segfault/i,
  ramdisk: /out of memory|i\/o error|cannot mount|unable to mount|no address yet|certificate|\bsc\.url\b|no EFI variables|segfault/i,
} as const

/**
 * Which lines of a machine's log belong on its boot's timeline: the first one of its kernel, and the few that mean trouble. Pure but for what
 * it remembers of each machine.
 */
export class KernelWatch {
  readonly #boots = new Map<string, { started: boolean; alarms: number }>()

  /** Told of the journal: a machine that was sent into the ramdisk is about to say its first line. */
  heard(event: JournalEvent): void {
    if (event.machineId !== null && event.kind === 'script.rendered') this.#boots.set(event.machineId, { started: event.data['script'] !== 'ramdisk', alarms: 0 })
  }

  /** The journal lines that these log lines are worth. */
  read(machineId: string, lines: readonly LogLine[]): NewLine[] {
    const boot = this.#boots.get(machineId)
    const news: NewLine[] = []
    for (const line of lines) {
      if (line.source !== 'kernel' && line.source !== 'ramdisk') continue
      const data = { line: line.text.slice(0, 300), source: line.source }
      if (boot !== undefined && !boot.started) {
        boot.started = true
        news.push({ machineId, kind: 'kernel.started', level: 'info', text: `Its kernel runs: ${data.line}`, data })
      }
      const isDead = died.test(line.text)
      if (!isDead && !(line.source === 'ramdisk' && line.level === 'error') && !alarming[line.source].test(line.text)) continue
      const known = boot ?? { started: true, alarms: 0 }
      if (boot === undefined) this.#boots.set(machineId, known)
      if (known.alarms >= mostAlarms) continue
      known.alarms += 1
      news.push({ machineId, kind: isDead ? 'kernel.died' : 'kernel.alarmed', level: isDead ? 'error' : 'warn', text: isDead ? `Its kernel stops: ${data.line}` : data.line, data })
    }
    return news
  }

  forget(machineId: string): void { this.#boots.delete(machineId) }
}
