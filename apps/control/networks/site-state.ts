/** Another DHCP server on a network. `standsBack`: we give no addresses because of it. */
export interface OtherServer { readonly address: string; readonly standsBack: boolean; readonly at: number }

/** What is known of the site in memory only: it comes back by itself after a restart. */
export interface SiteState {
  diskBoots(machineId: string): number
  diskBooted(machineId: string): void
  resetDiskBoots(machineId: string): void
  otherServers(networkId: string): readonly OtherServer[]
  sawServer(networkId: string, address: string, standsBack: boolean): void
  serverGone(networkId: string, address: string): void
  /** Why the boot servers do not run, as a sentence; null while they do. */
  trouble: string | null
}

const serversKept = 50
/** A server is heard of each minute while it is there. */
const serverForgottenMs = 10 * 60_000

/** An empty one. */
export function openSiteState(now: () => number): SiteState {
  const boots = new Map<string, number[]>()
  const servers = new Map<string, OtherServer & { readonly networkId: string }>()
  return {
    // A firmware that fetches one script twice in a row booted once.
    diskBoots: (id) => boots.get(id)?.length ?? 0,
    diskBooted(id) {
      const before = boots.get(id) ?? []
      const last = before.at(-1)
      if (last === undefined || now() - last > 10_000) boots.set(id, [...before, now()])
    },
    resetDiskBoots: (id) => void boots.delete(id),
    otherServers: (networkId) => Array.from(servers.values()).filter((one) => one.networkId === networkId && now() - one.at < serverForgottenMs),
    sawServer(networkId, address, standsBack) {
      const key = `${networkId}/${address}`
      if (servers.has(key) || servers.size < serversKept) servers.set(key, { networkId, address, standsBack, at: now() })
    },
    serverGone: (networkId, address) => void servers.delete(`${networkId}/${address}`),
    trouble: null,
  }
}
