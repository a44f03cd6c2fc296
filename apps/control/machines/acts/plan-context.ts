import type { Image, Machine } from '#contract/operator-api'
import type { Role, RoleContext } from '#control/roles/role'
import type { MachineRecord } from '../record.ts'

/** What a plan looks at besides the machine's record. */
export interface PlanContext {
  view(machine: MachineRecord): Machine
  role(id: string): Role | undefined
  roleContext(machineId: string): RoleContext | undefined
}

/** The OS image of this id, or undefined where there is none. */
export type ImageOf = (id: string) => Image | undefined
