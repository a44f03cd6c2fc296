import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { cableCidr, serverAddress } from '../world.ts'
import { leaseSeconds, type DhcpPeer } from './peer.ts'

/** ISC Kea with its fastest store, memfile: it writes leases to a file and never syncs it. One thread, since it has one core. */
export const kea: DhcpPeer = {
  id: 'kea',
  plan(world, pool) {
    const folder = world.scratch('kea')
    const config = path.join(folder, 'kea.json')
    writeFileSync(config, JSON.stringify({ Dhcp4: {
      'interfaces-config': { interfaces: ['eth0'], 'dhcp-socket-type': 'raw' },
      'lease-database': { type: 'memfile', persist: true, name: path.join(folder, 'leases.csv'), 'lfc-interval': 0 },
      'multi-threading': { 'enable-multi-threading': false },
      'valid-lifetime': leaseSeconds, 'next-server': serverAddress, 'boot-file-name': 'ipxe.efi',
      subnet4: [{ id: 1, subnet: cableCidr, pools: [{ pool: `${pool.from} - ${pool.to}` }], 'option-data': [{ name: 'routers', data: serverAddress }, { name: 'domain-name-servers', data: serverAddress }] }],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: path.join(folder, 'log') }] }],
    } }))
    return { argv: ['kea-dhcp4', '-c', config], env: { KEA_LOCKFILE_DIR: folder, KEA_PIDFILE_DIR: folder }, listens: { protocol: 'udp', port: 67 } }
  },
}
