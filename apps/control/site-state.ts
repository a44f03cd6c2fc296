import type { NetworkView, Reservation } from '#netboot/site'
import type { Config } from './config.ts'
import { networkView } from './networks.ts'

/** What is known of the provisioning network in memory, and its one stored choice. */
export interface SiteState {
  network(): NetworkView
  networks(): readonly NetworkView[]
  reservations(): readonly Reservation[]
  /** Takes effect when it is on disk. */
  setPolicy(policy: 'discover' | 'ignore'): Promise<void>
  diskBoots(machineId: string): number
  diskBooted(machineId: string): void
  resetDiskBoots(machineId: string): void
  otherServers(): string[]
  sawServer(address: string): void
  /** Why the boot servers do not run, as a sentence; null while they do. */
  trouble: string | null
}

const none: readonly Reservation[] = []

/** Opens it over the settings. */
export function openSiteState(config: Config, settings: { setting(name: string): string | undefined; setSetting(name: string, value: string): Promise<void> }, now: () => number): SiteState {
  const stored = settings.setting('network.policy') === 'ignore' ? 'ignore' : 'discover'
  let view = networkView(config, stored)
  let views: readonly NetworkView[] = [view]
  const boots = new Map<string, number[]>()
  const servers = new Map<string, number>()
  return {
    network: () => view,
    networks: () => views,
    reservations: () => none,
    async setPolicy(policy) {
      await settings.setSetting('network.policy', policy)
      view = { ...view, policy }
      views = [view]
    },
    // A firmware that fetches one script twice in a row booted once.
    diskBoots: (id) => boots.get(id)?.length ?? 0,
    diskBooted(id) {
      const before = boots.get(id) ?? []
      const last = before.at(-1)
      if (last === undefined || now() - last > 10_000) boots.set(id, [...before, now()])
    },
    resetDiskBoots: (id) => void boots.delete(id),
    otherServers: () => [...servers].filter(([, at]) => now() - at < 10 * 60_000).map(([address]) => address),
    sawServer: (address) => void (servers.size < 50 && servers.set(address, now())),
    trouble: null,
  }
}
