import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { NetworkView } from '#netboot/site'
import { controlEngine } from '../../../apps/supervisor/engine.ts'
import { cableCidr, serverAddress, type ServerPlan, type World } from '../world.ts'
import { leaseSeconds, type DhcpPeer, type FilePeer, type Pool } from './peer.ts'

const wholePool: Pool = { from: '10.77.16.1', to: '10.77.64.0' }

/** Our boot servers as a process of their own, over the durable store that control has. `store` keeps a lease database from an earlier run. */
export function oursPlan(built: string, world: World, options: { pool?: Pool; folder?: string; store?: string }): ServerPlan {
  const { pool = wholePool, folder } = options
  const store = options.store ?? path.join(world.scratch('ours'), 'hot.db')
  const network: NetworkView = {
    id: 'bench', interface: 'eth0', address: serverAddress, cidr: cableCidr, relayed: false, gateway: serverAddress, dns: [serverAddress], ntp: [serverAddress], ranges: [pool], excluded: [], leaseSeconds, domain: 'bench.test', options: [],
    mode: 'full', policy: 'discover', authoritative: true, whenOtherServer: 'warn',
  }
  const files = folder === undefined ? {} : Object.fromEntries(readdirSync(folder).map((name) => [name, path.join(folder, name)]))
  return { argv: [process.execPath, ...controlEngine, path.join(built, 'ours.mjs'), JSON.stringify({ network, files, store })], listens: { protocol: 'tcp', port: 80 } }
}

/** Ours as a DHCP server. */
export const oursDhcp = (built: string): DhcpPeer => ({ id: 'ours', plan: (world, pool) => oursPlan(built, world, { pool }) })

/** Ours as a TFTP server. */
export const oursTftp = (built: string): FilePeer => ({ id: 'ours', plan: (world, folder) => oursPlan(built, world, { folder }), path: (name) => name })

/** Ours as an HTTP server. */
export const oursHttp = (built: string): FilePeer => ({ id: 'ours', plan: (world, folder) => oursPlan(built, world, { folder }), path: (name) => `/files/${name}` })
