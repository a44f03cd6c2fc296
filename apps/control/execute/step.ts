import { setTimeout as wait } from 'node:timers/promises'
import { diskIdentity } from '#contract/machine-api'
import type { Disk } from '#contract/inventory'
import type { StepKind, StepState } from '#contract/steps'
import type { Role, RoleContext } from '#control/roles/role'
import type { Target } from '#contract/agent-api'
import type { AgentDesk } from '../machines/agents/agents.ts'
import type { Order, OrderDesk, OrderKind } from '../machines/ramdisk/orders.ts'
import type { RamdiskSessions } from '../machines/ramdisk/sessions.ts'
import type { MachineRecord } from '../machines/record.ts'
import type { PowerSession } from '../power/driver.ts'

/** What steps may touch. */
export interface StepWorld {
  readonly orders: OrderDesk
  readonly sessions: RamdiskSessions
  readonly agents: AgentDesk
  power(machine: MachineRecord): PowerSession
  role(id: string): Role | undefined
  roleContext(machineId: string): RoleContext | undefined
  target(machine: MachineRecord): Target
  /** Null while the image is not ready; rejects nothing. `error` where its build failed. */
  image(id: string): { ready: boolean; error: string | null; step: string }
  /** Asks a person, or (null) needs nobody any more. */
  attention(machineId: string, text: string | null): void
  services(machineId: string, services: MachineRecord['services']): void
  now(): number
}

/** One run of a step. A rejection is a failed step; its message is shown to the operator. */
export interface StepRun {
  /** The machine as it is now. Throws where it was forgotten meanwhile. */
  machine(): MachineRecord
  /** The same for the same run, over restarts of control too: names the order that the ramdisk gets. */
  readonly runId: string
  readonly signal: AbortSignal
  progress(patch: Partial<Pick<StepState, 'detail' | 'bytesDone' | 'bytesTotal' | 'bytesPerSecond'>>): void
}

/** How one step is carried out. Every one is idempotent: it may be run again after a kill at any moment. */
export type Executor = (run: StepRun, world: StepWorld) => Promise<void>

/** A step without an executor does not compile. */
export type Executors = { [K in StepKind]: Executor }

/** Asks `probe` four times a second until it gives something. Rejects when the step's signal aborts. */
export async function until<T>(run: StepRun, probe: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = probe()
    if (value !== undefined && value !== false) return value
    await wait(250, undefined, { signal: run.signal })
  }
}

/** The disk that the intent names. Throws a sentence where the machine does not show it. */
export function wishedDisk(machine: MachineRecord): Disk {
  const identity = machine.intent.diskSerial
  const disks = (machine.inventory?.disks ?? []).filter((disk) => diskIdentity(disk) === identity)
  const [disk] = disks
  if (disk === undefined || disks.length > 1) throw new Error(`the disk ${identity ?? ''} ${disks.length > 1 ? 'is there twice' : 'is not in this machine any more'}: release the machine and choose another`)
  return disk
}

/** What an order says of the disk. */
export const diskFields = (disk: Disk): Record<string, string | number> =>
  ({ disk: diskIdentity(disk), name: disk.name, sizeSectors: Math.floor(disk.sizeBytes / 512), serial: disk.serial, wwn: disk.wwn })

/** A ramdisk that writes says so every few seconds: after this long without a word, the rate is no longer what it was. */
const quietMs = 15_000

/** Gives the ramdisk an order and waits for its end. What is written is told with its rate, as long as it is one. */
export async function runOrder(run: StepRun, world: StepWorld, kind: OrderKind, fields: Order['fields']): Promise<void> {
  const startedMs = world.now()
  let quiet: NodeJS.Timeout | undefined
  try {
    await world.orders.give(run.machine().id, { id: run.runId, kind, generation: run.machine().intent.generation, fields }, run.signal, (report) => {
      const seconds = Math.max(1, (world.now() - startedMs) / 1000)
      run.progress({ detail: report.detail, bytesDone: report.bytesDone, bytesTotal: report.bytesTotal, bytesPerSecond: report.bytesDone === null ? null : Math.round(report.bytesDone / seconds) })
      clearTimeout(quiet)
      quiet = setTimeout(() => run.progress({ bytesPerSecond: null }), quietMs)
    })
  } finally {
    clearTimeout(quiet)
  }
}
