import type { Inventory } from '#contract/inventory'
import type { Phase } from '#contract/lifecycle'
import type { Intent, Machine } from '#contract/operator-api'
import { isSimulated } from '#contract/simulated'
import type { StepState } from '#contract/steps'

/** What is stored of a machine. Never changed in place: a change makes a new one. Times are ISO 8601, UTC. */
export interface MachineRecord {
  readonly id: string
  readonly name: string
  readonly mac: string
  readonly macs: readonly string[]
  readonly uuid: string | null
  readonly phase: Phase
  readonly phaseSince: string
  readonly phaseDeadline: string | null
  readonly address: string | null
  readonly firmware: 'bios' | 'uefi' | null
  readonly bootPath: string
  readonly inventory: Inventory | null
  readonly services: Machine['services']
  readonly problem: string | null
  readonly attention: string | null
  readonly powerDriver: string
  readonly powerOptions: Readonly<Record<string, unknown>>
  readonly firstSeenAt: string
  readonly lastSeenAt: string
  readonly intent: Intent
  /** The facts of the steps of this generation: what is done is never done again. */
  readonly steps: readonly StepState[]
}

/** What a machine that was never seen before starts as. A simulated one has no power that could be driven. */
export function newMachine(seed: { id: string; name: string; mac: string; uuid: string | null; now: string; powerDriver: string }): MachineRecord {
  return {
    id: seed.id, name: seed.name, mac: seed.mac, macs: [seed.mac], uuid: seed.uuid, phase: 'seen', phaseSince: seed.now, phaseDeadline: null,
    address: null, firmware: null, bootPath: '', inventory: null, services: [], problem: null, attention: null, powerDriver: isSimulated(seed.mac) ? 'manual' : seed.powerDriver, powerOptions: {},
    firstSeenAt: seed.now, lastSeenAt: seed.now, intent: { generation: 0, role: null, imageId: null, diskSerial: null, erase: false, release: false }, steps: [],
  }
}
