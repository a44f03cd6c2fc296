import { readApplianceFile } from '../appliance/find.ts'
import { advice, broken, fine, type Check, type Finding } from './check.ts'
import { findHolders, readListeners } from './listeners.ts'

/** Ports on a real card. A lab has them in a namespace of its own. */
const cardPorts: readonly (readonly ['udp' | 'tcp', number, string])[] = [['udp', 67, 'DHCP'], ['udp', 69, 'TFTP'], ['udp', 4011, 'PXE'], ['udp', 514, 'syslog'], ['udp', 6666, 'netconsole'], ['tcp', 80, 'boot files'], ['tcp', 443, 'agents']]
/** Ports on the loopback of a lab's host, and of an appliance. */
const hostPorts: readonly (readonly ['udp' | 'tcp', number, string])[] = [['tcp', 8443, 'console'], ['tcp', 8080, 'load balancer of a lab']]

/** A port that somebody has. */
export interface TakenPort { readonly protocol: 'udp' | 'tcp'; readonly port: number; readonly use: string; readonly by: string; readonly onCard: boolean }

/** Judges the ports in use. With a running appliance they are its own; without a card only the loopback's matter. */
export function judgePorts(taken: readonly TakenPort[], runs: boolean, onCard: boolean): Finding {
  const words = taken.map((one) => `${one.protocol} ${one.port} (${one.use}) by ${one.by}`).join(', ')
  if (taken.length === 0) return fine('all free')
  if (runs) return fine(`an appliance runs; in use: ${words}`)
  if (taken.some((one) => !one.onCard || onCard)) return broken(`taken: ${words}`, 'stop what has them (systemctl disable --now NAME), or choose others for the console: scripts/up --console-port P --balancer-port P')
  return advice(`taken: ${words}`, 'no matter for a lab; on a real card stop them first')
}

/** Two servers on one port steal each other's packets. */
export const ports: Check = {
  id: 'ports', title: 'Ports',
  async run({ runDir, interface: card }) {
    const listeners = readListeners()
    const found = [...cardPorts, ...hostPorts].flatMap(([protocol, port, use]) => {
      const listener = listeners.find((one) => one.protocol === protocol && one.port === port)
      return listener === undefined ? [] : [{ protocol, port, use, inode: listener.inode, onCard: cardPorts.some((one) => one[0] === protocol && one[1] === port) }]
    })
    const holders = findHolders(new Set(found.map((one) => one.inode)))
    return judgePorts(found.map(({ inode, ...one }) => ({ ...one, by: holders.get(inode) ?? 'somebody (run as root to see who)' })), readApplianceFile(runDir) !== undefined, card !== undefined)
  },
}
