import type { Netboot } from '#netboot/serve/netboot'
import type { Lease } from '#netboot/site'
import type { Core } from '../core.ts'
import { keptFile } from '../hosts-file.ts'
import type { MachineDoors } from '../machine-http/doors.ts'
import { openNetworkDesk, type NetworkDesk } from './desk.ts'
import { readHostCards } from './host.ts'
import { openLeaseIndex, type LeaseIndex } from './lease-index.ts'
import type { NetworkBook } from './network-book.ts'
import { localNetworks } from './network-config.ts'
import { openSiteState, type SiteState } from './site-state.ts'

/** All that control knows of networks: what is stored, what netboot reads, what operators see. */
export interface Networks {
  readonly book: NetworkBook
  readonly leases: LeaseIndex
  readonly state: SiteState
  readonly desk: NetworkDesk
  /** Netboot and the machines' TLS beyond the first address, while they run; whoever starts them sets them. */
  readonly served: { netboot: Netboot | undefined; doors: MachineDoors | undefined }
  /** Resolves when the lease is on disk. */
  commit(lease: Lease): Promise<void>
}

/** Opens them over the core's stores. */
export async function openNetworks(core: Core): Promise<Networks> {
  const { book, standing, config, hot, now } = core
  const leases = openLeaseIndex(hot.leases())
  const state = openSiteState(now)
  const commit = async (lease: Lease): Promise<void> => {
    await hot.commitLease(lease)
    leases.record(lease)
  }
  const served: Networks['served'] = { netboot: undefined, doors: undefined }
  const desk = openNetworkDesk({
    book, leases, state, standing, now, cards: readHostCards,
    holder: (mac) => core.registry.byMac(mac), machine: (reference) => core.registry.find(reference),
    agentsAt: (address) => core.agents.askingAt(address).flatMap((id) => core.registry.get(id) ?? []),
    told: async (machineId, kind, text, data) => void (await core.journal.record({ machineId, kind, level: 'warn', text, data })),
    async release(lease) {
      // Netboot has its own working copy of the leases and takes this one back there too.
      if ((await served.netboot?.release(lease.networkId, lease.address)) !== true) await commit({ ...lease, state: 'released', expiresAtMs: now() })
    },
    async acted(act, target, sentence, by, data) {
      await core.people.audit({ at: new Date(now()).toISOString(), user: by, act, target, detail: sentence })
      await core.journal.record({ machineId: null, kind: act, level: 'info', text: sentence, data: { ...data, by } })
      tellLocal()
      core.changed()
    },
  })
  const write = keptFile(config.networksFile)
  const tellLocal = (): void => {
    try {
      write(JSON.stringify(localNetworks(book.networks())))
    } catch (error) { // names and time are a comfort: the next change writes it again
      core.broken(error)
    }
  }
  tellLocal()
  return { book, leases, state, desk, served, commit }
}
