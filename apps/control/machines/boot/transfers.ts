import type { Transfer } from '#contract/operator-api'
import type { TransferView } from '#netboot/site'
import type { MachineRecord } from '../record.ts'

/** A transfer as operators see it. `machine`: whose it is, where that is known. */
export function renderTransfer(view: TransferView, machine: MachineRecord | undefined): Transfer {
  const { startedAtMs, ...rest } = view
  return { ...rest, machineId: machine?.id ?? null, machineName: machine?.name ?? null, startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString() }
}
