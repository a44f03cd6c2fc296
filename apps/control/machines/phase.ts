import { nextPhase, type LifecycleEvent, type Phase } from '#contract/lifecycle'
import type { MachineRecord } from './record.ts'

/** How long a phase may last before a person hears of it, in minutes; null: for ever. Steps have shorter deadlines of their own. */
const phaseMinutes: Readonly<Record<Phase, number | null>> = { seen: 10, discovered: null, deploying: 120, starting: 90, ready: null, silent: null, failed: null, releasing: 60, retired: null }

/** The machine after `event`, or undefined where its phase does not know it: late events are normal on a network. */
export function moved(machine: MachineRecord, event: LifecycleEvent, nowMs: number): MachineRecord | undefined {
  const phase = nextPhase(machine.phase, event)
  if (phase === undefined) return undefined
  if (phase === machine.phase) return machine
  const minutes = phaseMinutes[phase]
  return {
    ...machine, phase, phaseSince: new Date(nowMs).toISOString(), phaseDeadline: minutes === null ? null : new Date(nowMs + minutes * 60_000).toISOString(),
    attention: null, ...(phase === 'failed' ? {} : { problem: null }),
  }
}

/** The machine after `event` where its phase knows it, else as it is. */
export const movedIfLegal = (machine: MachineRecord, event: LifecycleEvent, nowMs: number): MachineRecord => moved(machine, event, nowMs) ?? machine
