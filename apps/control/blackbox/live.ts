import type { JournalEvent } from '#contract/events'
import type { MachineRecord } from '../machines/record.ts'
import type { Registry } from '../machines/registry.ts'
import type { Journal } from '../events/journal.ts'
import { diagnose, type FoundDiagnosis, type RuleContext } from './diagnose.ts'
import type { Session } from './sessions.ts'
import type { Stories } from './stories.ts'

/** What looking needs. */
export interface LiveDeps {
  readonly registry: Registry
  readonly journal: Journal
  readonly stories: Stories
  context(machine: MachineRecord): RuleContext
  /** Told of each look at a machine: its boots, and what is wrong with the last. */
  looked(machine: MachineRecord, sessions: readonly Session[]): void
  broken(error: unknown): void
  now(): number
}

const tickMs = 500
/** A machine is looked at so long after the last thing it did: what never comes is known by waiting. */
const looksAfterMs = [1500, 7000, 16_000, 36_000, 65_000, 125_000, 190_000]
const wakes = /^(dhcp6?|tftp|file|script|kernel|inventory|agent|machine|claim)\./
/** Of the time that looking takes, this much more is left to others: looks never load the appliance. */
const restFactor = 12

/** Looks at machines while they boot, says each new trouble once in the journal, and keeps the problem of machines that got no further. */
export interface Live { heard(event: JournalEvent): void; close(): void }

/**
 * Starts looking.
 *
 * INVARIANTS: one look at a time; a look never delays a packet (it waits its turn and rests after itself); a trouble is said once for each
 * boot, over restarts too, because the journal itself is asked what was said.
 */
export function startLive(deps: LiveDeps): Live {
  const due = new Map<string, { lastMs: number; step: number }>()
  /** Problems that were written here, to take back only those. */
  const written = new Map<string, string>()
  let isLooking = false
  let notBeforeMs = 0

  async function look(machine: MachineRecord): Promise<void> {
    const startedMs = performance.now()
    const { sessions, said } = await deps.stories.recent({ machineId: machine.id, macs: machine.macs })
    const index = sessions.length - 1
    const session = sessions[index]
    if (session !== undefined) {
      const found = diagnose(sessions, index, deps.context(machine))
      const boot = String(Math.round(session.startMs))
      for (const diagnosis of found) if (!said.has(`${boot} ${diagnosis.id}`)) await announce(machine, boot, diagnosis)
      keepProblem(machine, found)
      deps.looked(machine, sessions)
    }
    notBeforeMs = performance.now() + (performance.now() - startedMs) * restFactor
  }
  const announce = (machine: MachineRecord, boot: string, diagnosis: FoundDiagnosis): Promise<void> => deps.journal.record({
    machineId: machine.id, kind: 'boot.diagnosed', level: diagnosis.severity, text: `${diagnosis.happened} ${diagnosis.todo}`, data: { boot, rule: diagnosis.id },
  })
  /** Only a machine that was never heard of further has a boot as its problem. */
  function keepProblem(machine: MachineRecord, found: readonly FoundDiagnosis[]): void {
    const worst = found.find(({ severity }) => severity !== 'info')
    const before = written.get(machine.id)
    const text = machine.phase === 'seen' && worst !== undefined ? `${worst.happened} ${worst.todo}` : undefined
    if (text === undefined && before === undefined) return
    if (text === undefined) written.delete(machine.id)
    else written.set(machine.id, text)
    void deps.registry.change(machine.id, (m) => {
      if (text === undefined) return m.problem === before ? { ...m, problem: null } : m
      return m.phase === 'seen' && m.problem !== text ? { ...m, problem: text } : m
    })
  }
  const tick = (): void => {
    if (isLooking || performance.now() < notBeforeMs) return
    const nowMs = deps.now()
    for (const [id, state] of due) {
      if (nowMs < state.lastMs + (looksAfterMs[state.step] ?? 0)) continue
      const machine = deps.registry.get(id)
      state.step += 1
      if (state.step >= looksAfterMs.length || machine === undefined) due.delete(id)
      if (machine === undefined) continue
      isLooking = true
      look(machine).catch(deps.broken).finally(() => { isLooking = false })
      return
    }
  }
  const timer = setInterval(tick, tickMs).unref()
  return {
    heard(event) {
      if (event.machineId === null || !wakes.test(event.kind)) return
      // Moved to the end: who waited longest comes first.
      due.delete(event.machineId)
      due.set(event.machineId, { lastMs: deps.now(), step: 0 })
    },
    close() { clearInterval(timer) },
  }
}
