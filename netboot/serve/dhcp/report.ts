import type { Mac } from '#contract/mac'
import type { BootRequest } from '../../policy/dhcp/boot-request.ts'
import type { LeaseBook } from '../../policy/leases/lease-book.ts'
import type { DropReason, NetworkView, PacketFacts, Site } from '../../site.ts'
import { TokenBuckets } from '../token-bucket.ts'

const quietMs = 60_000
/** In a storm of strangers' MACs the site hears of some: each may become a machine there. */
const strangers = { perSecond: 20, burst: 2500 }
const ignored = { perSecond: 10, burst: 100 }
/** Reasons that a person can do something about. */
const worthSaying: ReadonlySet<DropReason> = new Set(['pool-full', 'stands-back', 'lease-not-stored', 'no-boot-file', 'policy-ignore'])

/** Tells the site what happens to its clients, and not more than it can take. */
export interface DhcpReport {
  /** What a client asked, before it is answered. Returns whether it was told: in a storm of strangers the answers are not told either. */
  heard(request: BootRequest, network: NetworkView, isStranger: boolean, packet: PacketFacts): boolean
  ignored(mac: Mac, networkId: string, why: DropReason, packet: PacketFacts): void
  /** Few addresses are left. */
  pool(network: NetworkView, book: LeaseBook): void
}

/** Makes the reporter of one site. */
export function reportDhcp(site: Site, now: () => number): DhcpReport {
  const limits = new TokenBuckets(strangers.perSecond, strangers.burst, 1)
  const ignoredLimits = new TokenBuckets(ignored.perSecond, ignored.burst, 1)
  const poolSaid = new Map<string, number>()
  return {
    heard(request, network, isStranger, packet) {
      if (isStranger && limits.take('', 1, now()) === 0) return false
      const { mac, client } = request
      if (request.type === 'discover') site.report({ kind: 'dhcp.discovered', mac, networkId: network.id, client, packet })
      if (request.type === 'request') site.report({ kind: 'dhcp.requested', mac, networkId: network.id, address: request.requestedAddress ?? request.clientAddress ?? '0.0.0.0', server: request.serverId, client, packet })
      return true
    },
    ignored(mac, networkId, why, packet) {
      if (worthSaying.has(why) && ignoredLimits.take('', 1, now()) === 1) site.report({ kind: 'dhcp.ignored', mac, networkId, why, packet })
    },
    pool(network, book) {
      const { freeCount: free, size } = book
      if (free > size / 16 || now() - (poolSaid.get(network.id) ?? 0) < quietMs) return
      poolSaid.set(network.id, now())
      site.report({ kind: 'dhcp.poolLow', networkId: network.id, free, size })
    },
  }
}
