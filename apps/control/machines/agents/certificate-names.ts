import type { Role } from '#control/roles/role'
import type { Names } from '../../ca/authority.ts'
import type { MachineRecord } from '../record.ts'

/** What a machine's certificate names: itself, its address, and what its role is known as. */
export const certificateNames = (machine: MachineRecord, role: Role | undefined): Names =>
  ({ commonName: machine.id, dns: [machine.name, ...(role?.names ?? [])], ips: machine.address === null ? [] : [machine.address] })
