import { z } from 'zod'
import { AddressRange, NetworkOption } from '#contract/network-api'
import type { LocalNetworks } from '#contract/local-networks'
import { contains, parseCidr, parseIpv4 } from '#netboot/codec/ipv4'
import { parsePrefix64, renderIpv6 } from '#netboot/codec/ipv6'
import type { NetworkView } from '#netboot/site'
import { encodeOption } from './option-value.ts'
import { inRanges, subnetOf } from './subnet.ts'

const AllSettings = z.object({
  title: z.string(), mode: z.enum(['full', 'proxy']), policy: z.enum(['discover', 'ignore']), gateway: z.string(), dns: z.array(z.string()), ntp: z.array(z.string()), domain: z.string(),
  leaseSeconds: z.number(), ranges: z.array(AddressRange), excluded: z.array(AddressRange), options: z.array(NetworkOption), authoritative: z.boolean(), whenOtherServer: z.enum(['warn', 'refuse']), ipv6Prefix: z.string(),
})

/** What a person has set of a network; everything left out follows from where the network is. */
export const NetworkSettings = AllSettings.partial()
export type NetworkSettings = z.infer<typeof NetworkSettings>

/** A network as it is stored. Of the main one, `interface`, `address` and `cidr` are those that it had when something was set last. */
export const StoredNetwork = z.object({
  id: z.string(), interface: z.string(), address: z.string(), cidr: z.string(), relayed: z.boolean(), startMode: z.enum(['full', 'proxy']).describe('The mode that the appliance was started with when something was set'), set: NetworkSettings,
})
export type StoredNetwork = z.infer<typeof StoredNetwork>

/** A network in full: every setting has a value. */
export interface NetworkConfig extends z.infer<typeof AllSettings> {
  readonly id: string
  readonly interface: string
  readonly address: string
  readonly cidr: string
  readonly main: boolean
  readonly relayed: boolean
}

/** Where the appliance stands, and how it was started. */
export interface Standing {
  readonly interface: string
  readonly address: string
  readonly cidr: string
  readonly mode: 'full' | 'proxy'
  /** Whom machines ask for names where nothing is set; empty: the appliance itself. */
  readonly nameServers: readonly string[]
}

/** Id of the network that the appliance was started with. */
export const mainId = 'provisioning'

/** The main network as it is stored before anything was set. */
export const freshMain = (standing: Standing): StoredNetwork => ({ id: mainId, interface: standing.interface, address: standing.address, cidr: standing.cidr, relayed: false, startMode: standing.mode, set: {} })

/**
 * A stored network where it stands now. One behind a relay is reached where it was before, or else at another network of its interface; where
 * there is none any more, or it is the main one's, at the main one.
 */
export function placed(stored: StoredNetwork, all: Iterable<StoredNetwork>, standing: Standing): StoredNetwork {
  if (!stored.relayed) return stored
  const there = stored.interface === standing.interface ? [] : Array.from(all).filter((one) => !one.relayed && one.id !== mainId && one.interface === stored.interface)
  const { interface: device, address } = there.find((one) => one.address === stored.address) ?? there[0] ?? standing
  return { ...stored, interface: device, address }
}

/**
 * A stored network in full. The main one stands where the appliance was started, whatever was stored: where that is another subnet now,
 * the addresses that were set for the old one do not count; and a mode given at the start after one was set is the newer word.
 */
export function settle(stored: StoredNetwork, standing: Standing): NetworkConfig {
  const main = stored.id === mainId
  const place = main ? standing : stored
  const { cidr, first, rangeFrom, rangeTo } = subnetOf(place.cidr)
  const set = main && cidr !== subnetOf(stored.cidr).cidr ? withoutAddresses(stored.set) : stored.set
  const ranges = set.ranges ?? [{ from: rangeFrom, to: rangeTo }]
  const gateway = set.gateway ?? (stored.relayed ? first : place.address)
  return {
    id: stored.id, main, relayed: stored.relayed, interface: place.interface, address: place.address, cidr,
    title: set.title ?? (main ? 'Provisioning network' : cidr), policy: set.policy ?? 'discover',
    mode: main && stored.startMode !== standing.mode ? standing.mode : (set.mode ?? (main ? standing.mode : 'full')),
    gateway, dns: set.dns ?? (standing.nameServers.length === 0 ? [place.address] : [...standing.nameServers]), ntp: set.ntp ?? [place.address], domain: set.domain ?? 'lab.test', leaseSeconds: set.leaseSeconds ?? 3600,
    ranges, excluded: set.excluded ?? [...new Set([place.address, gateway])].filter((own) => parseIpv4(own) !== undefined && inRanges(ranges, own)).map((own) => ({ from: own, to: own })),
    options: set.options ?? [], authoritative: set.authoritative ?? false, whenOtherServer: set.whenOtherServer ?? 'warn', ipv6Prefix: set.ipv6Prefix ?? '',
  }
}

/** The appliance's address on each network that it stands in, and whose machines come there: also those behind relays that send to it. */
export function localNetworks(networks: readonly NetworkConfig[]): LocalNetworks {
  const relayedTo = (address: string): string[] => networks.filter((one) => one.relayed && one.address === address).map(({ cidr }) => cidr)
  return networks.filter((one) => !one.relayed).map(({ address, cidr }) => ({ address, allow: [cidr, ...relayedTo(address)] }))
}

/** Where machines reach the appliance's TLS: loopback, `first`, and its address on every network that it stands in; each once. */
export const machineAddresses = (networks: readonly NetworkConfig[], first: string): string[] => [...new Set(['127.0.0.1', first, ...localNetworks(networks).map(({ address }) => address)])]

/** The subnets that services of the cloud must let in: the first one, from which the appliance looks, and each in which one of the addresses is. */
export function peopledSubnets(networks: readonly NetworkConfig[], addresses: readonly (string | null)[]): string[] {
  const isPeopled = (cidr: string): boolean => { const subnet = parseCidr(cidr); return subnet !== undefined && addresses.some((address) => address !== null && contains(subnet, address)) }
  return networks.filter(({ main, cidr }) => main || isPeopled(cidr)).map(({ cidr }) => cidr)
}

/** Where a broadcast reaches a machine: on the network of its address, or, while it has none, on every one that the appliance stands in. */
export function broadcastsTo(networks: readonly NetworkConfig[], address: string | null): string[] {
  const own = networks.find(({ cidr }) => { const subnet = parseCidr(cidr); return address !== null && subnet !== undefined && contains(subnet, address) })
  return (own === undefined ? networks.filter((one) => !one.relayed) : [own]).map(({ cidr }) => subnetOf(cidr).broadcast)
}

/** The networks as netboot serves them. */
export const viewsOf = (networks: readonly NetworkConfig[]): NetworkView[] => networks.map((network) => {
  const { ipv6Prefix, ...rest } = network
  // Machines behind a relay boot from our address on its wire.
  const [prefix, ours] = [ipv6Prefix, network.relayed ? (wireOf(network, networks)?.ipv6Prefix ?? '') : ipv6Prefix].map(parsePrefix64)
  const ipv6 = prefix && ours ? { ipv6: { prefix: `${renderIpv6(prefix)}/64`, address: renderIpv6(Uint8Array.of(...ours, 0, 0, 0, 0, 0, 0, 0, 1)) } } : {}
  return { ...rest, ...ipv6, options: network.options.map((one) => ({ code: one.code, value: encodeOption(one) })) }
})

/** The network on whose wire the relays of another one are: of several there the one that has IPv6. */
export function wireOf(network: NetworkConfig, networks: readonly NetworkConfig[]): NetworkConfig | undefined {
  const there = networks.filter((one) => !one.relayed && one.interface === network.interface)
  return there.find(({ ipv6Prefix }) => ipv6Prefix !== '') ?? there[0]
}

const withoutAddresses = (set: NetworkSettings): NetworkSettings => Object.fromEntries(Object.entries(set).filter(([name]) => !['gateway', 'ranges', 'excluded'].includes(name)))
