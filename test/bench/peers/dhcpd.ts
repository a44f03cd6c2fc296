import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { serverAddress } from '../world.ts'
import { leaseSeconds, type DhcpPeer } from './peer.ts'

/** ISC dhcpd: syncs its lease file before every ACK. Its ping check is off, or each OFFER would wait for a second. */
export const dhcpd: DhcpPeer = {
  id: 'dhcpd',
  plan(world, pool) {
    const folder = world.scratch('dhcpd')
    const [config, leases] = [path.join(folder, 'dhcpd.conf'), path.join(folder, 'leases')]
    writeFileSync(leases, '')
    writeFileSync(config, [
      `authoritative; ping-check false; default-lease-time ${leaseSeconds}; max-lease-time ${leaseSeconds}; ddns-update-style none; log-facility local7;`,
      `subnet 10.76.0.0 netmask 255.254.0.0 { range ${pool.from} ${pool.to}; option routers ${serverAddress}; option domain-name-servers ${serverAddress}; next-server ${serverAddress}; filename "ipxe.efi"; }`, '',
    ].join('\n'))
    return { argv: ['dhcpd', '-4', '-f', '-q', '-cf', config, '-lf', leases, '-pf', path.join(folder, 'pid'), 'eth0'], listens: { protocol: 'udp', port: 67 } }
  },
}
