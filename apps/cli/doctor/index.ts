import { aptMirror } from './apt-mirror.ts'
import type { Check } from './check.ts'
import { clock } from './clock.ts'
import { diskSpace } from './disk-space.ts'
import { kvm } from './kvm.ts'
import { leftovers } from './leftovers.ts'
import { memory } from './memory.ts'
import { neighbourTable } from './neighbour-table.ts'
import { networks } from './networks.ts'
import { nodeVersion } from './node-version.ts'
import { otherDhcp } from './other-dhcp.ts'
import { ports } from './ports.ts'
import { processors } from './processors.ts'
import { receiveBuffer } from './receive-buffer.ts'
import { root } from './root.ts'
import { system } from './system.ts'

/** Every check, in the order shown. A new one is one file and one line here. */
export const checks: readonly Check[] = [root, system, nodeVersion, processors, memory, diskSpace, clock, aptMirror, ports, networks, otherDhcp, receiveBuffer, neighbourTable, kvm, leftovers]
