/** Another DHCP server on a network. `isHeard`: it answered itself, and was not only named by a client. `mac` is null where it was only named. */
export interface OtherServer {
  readonly address: string
  readonly mac: string | null
  readonly isHeard: boolean
  readonly at: number
  /** What it tells clients beside their address, where that was heard. `gateway` empty: none. `bootFile` null: it says nothing of booting. */
  readonly gives?: { readonly gateway: string; readonly dns: readonly string[]; readonly bootFile: string | null }
}

/** What is known of the site in memory only: it comes back by itself after a restart. */
export interface SiteState {
  diskBoots(machineId: string): number
  diskBooted(machineId: string): void
  resetDiskBoots(machineId: string): void
  otherServers(networkId: string): readonly OtherServer[]
  sawServer(networkId: string, server: Omit<OtherServer, 'at'>): void
  serverGone(networkId: string, address: string): void
  /** Whether nobody gives addresses on a network of mode proxy. */
  lacksServer(networkId: string): boolean
  setLacksServer(networkId: string, lacks: boolean): void
  /** Why the boot servers do not run, as a sentence; null while they do. */
  trouble: string | null
}

/** The trouble that there is from the start of control until every port of the boot servers is bound. */
export const startingText = 'The boot servers are starting.'

const serversKept = 50
/** A server is heard of each minute while it is there. */
const serverForgottenMs = 10 * 60_000

/** An empty one. */
export function openSiteState(now: () => number): SiteState {
  const boots = new Map<string, number[]>()
  const lonely = new Set<string>()
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
    sawServer(networkId, { address, mac, isHeard, gives }) {
      const key = `${networkId}/${address}`
      const before = servers.get(key)
      if (before !== undefined || servers.size < serversKept) servers.set(key, { networkId, address, mac: mac ?? before?.mac ?? null, isHeard: isHeard || before?.isHeard === true, at: now(), ...heardGiving(before?.gives, gives) })
    },
    serverGone: (networkId, address) => void servers.delete(`${networkId}/${address}`),
    lacksServer: (networkId) => lonely.has(networkId),
    setLacksServer: (networkId, lacks) => void (lacks ? lonely.add(networkId) : lonely.delete(networkId)),
    trouble: null,
  }
}

/** What it says to boot is told to those that ask to boot only: an answer without it takes nothing back. */
const heardGiving = (before: OtherServer['gives'], now: OtherServer['gives']): Pick<OtherServer, 'gives'> =>
  now !== undefined ? { gives: { ...now, bootFile: now.bootFile ?? before?.bootFile ?? null } } : before !== undefined ? { gives: before } : {}
