import type { Netboot } from '#netboot/serve/netboot'
import type { Lease } from '#netboot/site'
import type { Core } from '../core.ts'
import { openNetworkDesk, type NetworkDesk } from './desk.ts'
import { readHostCards, readNameServers } from './host.ts'
import { openLeaseIndex, type LeaseIndex } from './lease-index.ts'
import { openNetworkBook, type NetworkBook } from './network-book.ts'
import type { Standing } from './network-config.ts'
import { openSiteState, type SiteState } from './site-state.ts'

/** All that control knows of networks: what is stored, what netboot reads, what operators see. */
export interface Networks {
  readonly book: NetworkBook
  readonly leases: LeaseIndex
  readonly state: SiteState
  readonly desk: NetworkDesk
  /** Netboot while it runs; whoever starts it sets it. */
  readonly served: { netboot: Netboot | undefined }
  /** Resolves when the lease is on disk. */
  commit(lease: Lease): Promise<void>
}

/** Opens them over the core's stores. In a lab the appliance itself answers DNS; else the host's servers do. */
export async function openNetworks(core: Core): Promise<Networks> {
  const { config, hot, now } = core
  const nameServers = config.labDir === '' ? readNameServers() : []
  const standing: Standing = { interface: config.interface, address: config.address, cidr: config.cidr, mode: config.mode, nameServers: nameServers.length === 0 ? [config.address] : nameServers }
  const before = core.setting('network.policy')
  const book = await openNetworkBook(hot, standing, before === 'ignore' || before === 'discover' ? before : undefined)
  const leases = openLeaseIndex(hot.leases())
  const state = openSiteState(now)
  const commit = async (lease: Lease): Promise<void> => {
    await hot.commitLease(lease)
    leases.record(lease)
  }
  const served: Networks['served'] = { netboot: undefined }
  const desk = openNetworkDesk({
    book, leases, state, standing, now, cards: readHostCards,
    holder: (mac) => core.registry.byMac(mac), machine: (reference) => core.registry.find(reference),
    async release(lease) {
      // Netboot has its own working copy of the leases and takes this one back there too.
      if ((await served.netboot?.release(lease.networkId, lease.address)) !== true) await commit({ ...lease, state: 'released', expiresAtMs: now() })
    },
    async acted(act, target, sentence, by, data) {
      await core.people.audit({ at: new Date(now()).toISOString(), user: by, act, target, detail: sentence })
      await core.journal.record({ machineId: null, kind: act, level: 'info', text: sentence, data: { ...data, by } })
    },
  })
  return { book, leases, state, desk, served, commit }
}
