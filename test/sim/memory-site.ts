import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { BootEvent, BootFile, Lease, MachineView, NetworkView, Reservation, Site } from '#netboot/site'

/** A working site in memory, and its own broken twin: both flags may be switched at any time. */
export interface MemorySite extends Site {
  readonly events: BootEvent[]
  readonly stored: Lease[]
  readonly machines: Map<string, MachineView>
  networksNow: NetworkView[]
  reservationsNow: Reservation[]
  /** `machine` throws, as where a database cannot be read. */
  isBroken: boolean
  /** `commitLease` rejects, as where the disk is full. */
  cannotStore: boolean
  /** Called for each event as it comes. */
  heard: (event: BootEvent) => void
}

/** A network for tests: 10.77.0.0/24, the appliance at .1. */
export const testNetwork: NetworkView = {
  id: 'lab', interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24', gateway: '10.77.0.1', dns: ['10.77.0.1'], ntp: ['10.77.0.1'],
  relayed: false, ranges: [{ from: '10.77.0.100', to: '10.77.0.199' }], excluded: [], leaseSeconds: 3600, domain: 'lab.test', options: [], mode: 'full', policy: 'discover',
  authoritative: false, whenOtherServer: 'warn',
}

/** Makes a site of some files by name (their digests are read now) and a folder of chunks. */
export function memorySite(networks: NetworkView[], files: Record<string, string> = {}, chunkFolder = ''): MemorySite {
  const manifest = new Map<string, BootFile>(Object.entries(files).map(([name, path]) => {
    const bytes = readFileSync(path)
    return [name, { name, path, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }]
  }))
  const site: MemorySite = {
    events: [], stored: [], machines: new Map(), networksNow: networks, reservationsNow: [], isBroken: false, cannotStore: false, heard: () => {},
    machine(mac) {
      if (site.isBroken) throw new Error('the site is broken on purpose')
      return site.machines.get(mac)
    },
    networks: () => site.networksNow,
    reservations: () => site.reservationsNow,
    file: (name) => manifest.get(name),
    chunkPath: (digest) => (chunkFolder === '' ? undefined : `${chunkFolder}/${digest}`),
    leases: () => site.stored,
    async commitLease(lease) {
      await new Promise((resolve) => setImmediate(resolve))
      if (site.cannotStore) throw new Error('the lease cannot be stored on purpose')
      site.stored.push(lease)
    },
    report(event) { site.events.push(event); site.heard(event) },
  }
  return site
}
