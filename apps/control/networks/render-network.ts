import type { AddressServer, Network } from '#contract/network-api'
import { parseIpv4 } from '#netboot/codec/ipv4'
import type { IndexedLease } from './lease-index.ts'
import { stateOf } from './lease-view.ts'
import type { NetworkConfig } from './network-config.ts'
import type { OtherServer } from './site-state.ts'
import { countPool, poolTest } from './subnet.ts'

/** What a network is shown with. `leases`: all of it. */
export interface NetworkContext {
  readonly leases: readonly IndexedLease[]
  /** How many reservations it has, and how many of them cannot be given now. */
  readonly reservations: { readonly count: number; readonly troubled: number }
  readonly otherServers: readonly OtherServer[]
  /** Whether it is in mode proxy and nobody gives addresses there. */
  readonly lacksServer: boolean
  readonly nowMs: number
}

const fewLeft = 0.1

/** A network as operators see it: its settings, how full it is, and what a person should know. */
export function renderNetwork(config: NetworkConfig, context: NetworkContext): Network {
  const { leases, reservations, otherServers, lacksServer, nowMs } = context
  const counts = { active: 0, inPool: 0, conflicts: reservations.troubled }
  const inPool = poolTest(config.ranges, config.excluded)
  for (const { lease, value } of leases) {
    const state = stateOf(lease, nowMs)
    if (state === 'released' || state === 'expired') continue
    if (state === 'bound') counts.active += 1
    else counts.conflicts += 1
    if (inPool(value)) counts.inPool += 1
  }
  const poolSize = countPool(config.ranges, config.excluded)
  const poolFree = Math.max(0, poolSize - counts.inPool)
  const sorted = [...config.ranges].sort((a, b) => (parseIpv4(a.from) ?? 0) - (parseIpv4(b.from) ?? 0))
  return {
    ...config, rangeFrom: sorted[0]?.from ?? '', rangeTo: sorted.at(-1)?.to ?? '', leasesActive: counts.active, poolSize, poolFree, reservations: reservations.count, conflicts: counts.conflicts,
    otherServers: otherServers.map(({ address }) => address), addressServers: config.mode === 'proxy' ? otherServers.flatMap(renderServer) : [],
    notices: config.mode === 'full' ? notices(config, { poolSize, poolFree, ...counts }, otherServers) : proxyNotices(config, lacksServer, otherServers),
  }
}

const renderServer = ({ address, mac, gives }: OtherServer): AddressServer[] => (gives === undefined ? [] : [{ address, mac, gateway: gives.gateway, dns: [...gives.dns], bootFile: gives.bootFile ?? '' }])

function proxyNotices(config: NetworkConfig, lacksServer: boolean, servers: readonly OtherServer[]): string[] {
  if (lacksServer) return [lonely(config)]
  const givers = servers.flatMap(renderServer)
  return [
    ...(givers.length > 1 ? [`${givers.length} DHCP servers give addresses on ${config.title}: ${givers.map(({ address }) => address).join(', ')}. That is right only where they share one plan; else turn all but one off.`] : []),
    ...givers.filter(({ bootFile }) => bootFile !== '').map(({ address, bootFile }) => `${address} on ${config.title} gives not only addresses, but also says what to boot, ${bootFile}: some machines will take that. Take the boot file (next-server, filename, options 66 and 67) out of its configuration.`),
  ]
}

const lonely = ({ title }: NetworkConfig): string => `Nobody gives addresses on ${title}: no DHCP server answers there, and mode proxy gives none itself, so no machine can boot. Start that server, or use mode full.`

function notices(config: NetworkConfig, { poolSize, poolFree, conflicts }: { poolSize: number; poolFree: number; conflicts: number }, servers: readonly OtherServer[]): string[] {
  const addresses = servers.map(({ address, mac }) => (mac === null ? address : `${address} (${mac})`)).join(', ')
  return [
    ...(config.whenOtherServer === 'refuse' && servers.some(({ isHeard }) => isHeard) ? [`No addresses are given on ${config.title}: another DHCP server, ${addresses}, answers there. Turn it off, use mode proxy, or let this network only warn.`]
      : servers.length > 0 ? [`Another DHCP server answers on ${config.title}: ${addresses}. Turn it off, or use mode proxy.`] : []),
    ...(poolSize === 0 ? [`${config.title} gives addresses to reserved clients only: it has no range.`]
      : poolFree === 0 ? [`${poolSize === 1 ? 'The one address' : `All ${poolSize} addresses`} of ${config.title} ${poolSize === 1 ? 'is' : 'are'} given out: new machines get none. Widen the range, or shorten the lease time.`]
        : poolFree <= poolSize * fewLeft ? [`${poolFree} of ${poolSize} addresses of ${config.title} ${poolFree === 1 ? 'is' : 'are'} left. Widen the range, or shorten the lease time.`] : []),
    ...(conflicts > 0 ? [`${conflicts} ${conflicts === 1 ? 'address' : 'addresses'} of ${config.title} ${conflicts === 1 ? 'is' : 'are'} in conflict: see its conflicts.`] : []),
  ]
}

/** What a change did, in a few words for the journal: `mode proxy, lease time 600 s`. */
export function describeChange(before: NetworkConfig, after: NetworkConfig): string {
  const range = (list: NetworkConfig['ranges']): string => list.map(({ from, to }) => (from === to ? from : `${from} to ${to}`)).join(', ') || 'none'
  const words: readonly (readonly [string, string, string])[] = [
    ['title', before.title, after.title], ['mode', before.mode, after.mode], ['unknown machines', before.policy, after.policy], ['gateway', before.gateway || 'none', after.gateway || 'none'],
    ['DNS', before.dns.join(', ') || 'none', after.dns.join(', ') || 'none'], ['time servers', before.ntp.join(', ') || 'none', after.ntp.join(', ') || 'none'], ['domain', before.domain || 'none', after.domain || 'none'],
    ['lease time', `${before.leaseSeconds} s`, `${after.leaseSeconds} s`], ['ranges', range(before.ranges), range(after.ranges)], ['excluded', range(before.excluded), range(after.excluded)],
    ['options', optionText(before), optionText(after)], ['IPv6 prefix', before.ipv6Prefix || 'none', after.ipv6Prefix || 'none'], ['authoritative', yes(before.authoritative), yes(after.authoritative)], ['where another DHCP server is', before.whenOtherServer, after.whenOtherServer],
  ]
  return words.filter(([, was, is]) => was !== is).map(([name, , is]) => `${name} ${is}`).join('; ')
}

const yes = (value: boolean): string => (value ? 'yes' : 'no')
const optionText = ({ options }: NetworkConfig): string => options.map(({ code, name, value }) => `${name || code} = ${Array.isArray(value) ? value.join(', ') : String(value)}`).join(', ') || 'none'
