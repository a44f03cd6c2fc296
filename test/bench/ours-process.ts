import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import pino from 'pino'
import { openHotStore } from '#control/store/hot'
import type { BootFile, NetworkView, Site } from '#netboot/site'
import { startNetboot } from '#netboot/serve/netboot'

/** Our boot servers over control's own lease store, and nothing else of control: `node ours.mjs CONFIG-JSON`. Ends at SIGTERM. */
interface Config { readonly network: NetworkView; readonly files: Record<string, string>; readonly store: string }

const config = JSON.parse(process.argv[2] ?? '{}') as Config
const hot = openHotStore(config.store)
// Digests are names here: reading a large file for its own would count as memory of the server.
const files = new Map(Object.entries(config.files).map(([name, path]): [string, BootFile] => [name, { name, path, sizeBytes: statSync(path).size, sha256: createHash('sha256').update(name).digest('hex') }]))
const networks = [config.network]
const noReservations: ReturnType<Site['reservations']> = []
const log = pino({ level: 'warn' })
const site: Site = {
  file: (name) => files.get(name), networks: () => networks, reservations: () => noReservations, machine: () => undefined, chunkPath: () => undefined,
  leases: () => hot.leases(), commitLease: (lease) => hot.commitLease(lease), report: (event) => { if (event.kind === 'dhcp.naked' || event.kind === 'dhcp.conflict') log.warn(event, event.kind) },
}
const netboot = await startNetboot({ site, log })
process.once('SIGTERM', () => { void netboot.close().then(() => hot.close()).then(() => process.exit(0)) })
