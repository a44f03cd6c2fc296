import type { AddressRange, ClientMatch } from '#contract/network-api'
import { contains, parseCidr, parseIpv4, renderIpv4, type Ipv4Network } from '#netboot/codec/ipv4'
import { parsePrefix64 } from '#netboot/codec/ipv6'
import type { HostCard } from './host.ts'
import { wireOf, type NetworkConfig } from './network-config.ts'
import { isDomain } from './option-value.ts'
import { inRanges, rangeNumbers } from './subnet.ts'

const [shortestLease, longestLease] = [120, 604_800]
/** Netboot keeps a record of each address it may give. */
const mostAddresses = 2 ** 20

/** Why a CIDR cannot be the network of machines, as a sentence; undefined where it can. */
export function validateCidr(cidr: string): string | undefined {
  const network = parseCidr(cidr)
  if (network === undefined) return `“${cidr}” is not a network: write it as 10.88.0.0/24.`
  const bits = Number(cidr.split('/')[1])
  if (bits < 8 || bits > 29) return `A network of machines is between /8 and /29; ${cidr} is not.`
  if (network.first < 2 ** 24 || network.first >= 0xe0000000 || network.first >>> 24 === 127) return `${cidr} is not a network that machines can have addresses of.`
  return undefined
}

/**
 * All that is wrong with a network beside the other networks, as sentences; empty where it makes sense. Options were parsed before.
 *
 * @param cards the host's cards; undefined where the network does not depend on them (the main one, which stands already)
 */
export function validateNetwork(network: NetworkConfig, others: readonly NetworkConfig[], cards: readonly HostCard[] | undefined): string[] {
  const wrong = validateCidr(network.cidr)
  const subnet = parseCidr(network.cidr)
  if (subnet === undefined || (wrong !== undefined && !network.main)) return [wrong ?? '']
  return [
    ...overlaps(network, subnet, others), ...(network.main || cards === undefined ? [] : place(network, cards)), ...shared(network, others), ...gateway(network, subnet),
    ...ranges(network, subnet), ...excluded(network, subnet),
    ...[['DNS server', network.dns], ['time server', network.ntp]].flatMap(([word, list]) => (list as string[]).filter((one) => parseIpv4(one) === undefined).map((one) => `The ${String(word)} “${one}” is not an IPv4 address.`)),
    ...(network.domain === '' || isDomain(network.domain) ? [] : [`“${network.domain}” is not a domain name.`]),
    ...(Number.isInteger(network.leaseSeconds) && network.leaseSeconds >= shortestLease && network.leaseSeconds <= longestLease ? [] : [`A lease lasts between ${shortestLease} seconds and ${longestLease} (a week), not ${network.leaseSeconds}.`]),
    ...ipv6(network, others),
    ...repeated(network.options.map(({ code }) => code)).map((code) => `Option ${code} is set twice.`),
    ...(network.title.trim() === '' ? ['A network needs a title.'] : []),
  ]
}

/** What networks on one interface must have in common: nobody could say which of them a client without an address is of. */
function shared(network: NetworkConfig, others: readonly NetworkConfig[]): string[] {
  const beside = network.relayed ? [] : others.filter((one) => !one.relayed && one.interface === network.interface)
  const otherMode = beside.find(({ mode }) => mode !== network.mode)
  const prefixed = network.ipv6Prefix === '' ? undefined : beside.find(({ ipv6Prefix }) => ipv6Prefix !== '')
  return [
    ...(otherMode === undefined ? [] : [`${otherMode.title} is on ${network.interface} too and has mode ${otherMode.mode}: networks on one interface are of one mode. Remove one of them to change the other's.`]),
    ...(prefixed === undefined ? [] : [`${prefixed.title} on ${network.interface} has the IPv6 prefix ${prefixed.ipv6Prefix}: one network of an interface has IPv6, and its machines' prefix is good for all that are there.`]),
  ]
}

function overlaps(network: NetworkConfig, subnet: Ipv4Network, others: readonly NetworkConfig[]): string[] {
  return others.flatMap((other) => {
    const its = parseCidr(other.cidr)
    return its !== undefined && subnet.first <= its.last && its.first <= subnet.last ? [`${network.cidr} overlaps the network ${other.title} (${other.cidr}).`] : []
  })
}

function place(network: NetworkConfig, cards: readonly HostCard[]): string[] {
  if (network.relayed) return []
  const card = cards.find(({ name }) => name === network.interface)
  if (card === undefined) return [`There is no interface “${network.interface}” on this host. It has ${cards.map(({ name }) => name).join(', ') || 'none'}.`]
  const subnet = parseCidr(network.cidr)
  if (subnet === undefined || !contains(subnet, network.address)) return [`${network.interface} has no address in ${network.cidr}: give it one first, such as with “ip address add”.`]
  return []
}

function gateway({ gateway, relayed, cidr }: NetworkConfig, subnet: Ipv4Network): string[] {
  if (gateway === '') return relayed ? ['A network behind a relay needs its gateway: its machines reach the appliance only through it.'] : []
  if (parseIpv4(gateway) === undefined) return [`The gateway “${gateway}” is not an IPv4 address.`]
  return isHost(subnet, gateway) ? [] : [`The gateway ${gateway} is not an address of a machine in ${cidr}.`]
}

function ipv6(network: NetworkConfig, others: readonly NetworkConfig[]): string[] {
  if (network.ipv6Prefix === '') return []
  const text = (prefix: string): string => String(parsePrefix64(prefix))
  if (parsePrefix64(network.ipv6Prefix) === undefined) return [`“${network.ipv6Prefix}” is not an IPv6 prefix that machines can have addresses of: write one of 64 bits, such as fd12:3456:789a:1::/64.`]
  const same = others.find(({ ipv6Prefix }) => ipv6Prefix !== '' && text(ipv6Prefix) === text(network.ipv6Prefix))
  if (same !== undefined) return [`${network.ipv6Prefix} is the IPv6 prefix of the network ${same.title} already.`]
  return network.relayed && (wireOf(network, others)?.ipv6Prefix ?? '') === '' ? [`Machines behind a relay boot from the appliance's address on ${network.interface}: give the network there an IPv6 prefix first.`] : []
}

function ranges({ ranges, excluded, address, relayed, cidr }: NetworkConfig, subnet: Ipv4Network): string[] {
  const faults = ranges.flatMap((range) => misplaced(range, subnet, cidr, 'The range'))
  if (faults.length > 0) return faults
  const size = ranges.reduce((sum, one) => { const [from, to] = rangeNumbers(one) ?? [0, -1]; return sum + to - from + 1 }, 0)
  return [
    ...ranges.filter(({ from, to }) => !isHost(subnet, from) || !isHost(subnet, to)).map(({ from, to }) => `The range ${from} to ${to} holds the first or the last address of ${cidr}, which no machine can have.`),
    ...crossing(ranges).map(([a, b]) => `The ranges ${a.from} to ${a.to} and ${b.from} to ${b.to} overlap.`),
    ...(!relayed && inRanges(ranges, address) && !inRanges(excluded, address) ? [`${address} is the appliance's own address: leave it out of the range, or exclude it.`] : []),
    ...(size > mostAddresses ? [`The ranges hold ${size} addresses; ${mostAddresses} is the most.`] : []),
  ]
}

function excluded({ excluded, cidr }: NetworkConfig, subnet: Ipv4Network): string[] {
  const faults = excluded.flatMap((range) => misplaced(range, subnet, cidr, 'The excluded range'))
  return faults.length > 0 ? faults : crossing(excluded).map(([a, b]) => `The excluded ranges ${a.from} to ${a.to} and ${b.from} to ${b.to} overlap.`)
}

function misplaced(range: AddressRange, subnet: Ipv4Network, cidr: string, words: string): string[] {
  const ends = rangeNumbers(range)
  if (ends === undefined) return [`${words} “${range.from}” to “${range.to}” is not made of IPv4 addresses.`]
  if (ends[0] > ends[1]) return [`${words} ${range.from} to ${range.to} ends before it begins.`]
  return ends[0] < subnet.first || ends[1] > subnet.last ? [`${words} ${range.from} to ${range.to} is not inside ${cidr}.`] : []
}

function crossing(ranges: readonly AddressRange[]): [AddressRange, AddressRange][] {
  const sorted = [...ranges].sort((a, b) => (parseIpv4(a.from) ?? 0) - (parseIpv4(b.from) ?? 0))
  return sorted.flatMap((range, index): [AddressRange, AddressRange][] => {
    const next = sorted[index + 1]
    return next !== undefined && (parseIpv4(next.from) ?? 0) <= (parseIpv4(range.to) ?? 0) ? [[range, next]] : []
  })
}

/** What a reservation is judged by. */
export interface ReservationWorld {
  readonly networks: readonly NetworkConfig[]
  readonly reservations: readonly { readonly networkId: string; readonly address: string; readonly match: ClientMatch }[]
  /** Who has the address by a running lease, in words, or undefined; nobody where it is the client itself. */
  holder(address: string): string | undefined
}

/** Which network an address that is to be reserved belongs to, or why it cannot be, as a sentence. */
export function validateReservation(address: string, match: ClientMatch, world: ReservationWorld): { ok: true; network: NetworkConfig } | { ok: false; sentence: string } {
  const no = (sentence: string): { ok: false; sentence: string } => ({ ok: false, sentence })
  if (parseIpv4(address) === undefined) return no(`“${address}” is not an IPv4 address.`)
  const network = world.networks.find(({ cidr }) => { const subnet = parseCidr(cidr); return subnet !== undefined && contains(subnet, address) })
  if (network === undefined) return no(`${address} is in none of the networks: ${world.networks.map(({ cidr }) => cidr).join(', ')}.`)
  const subnet = parseCidr(network.cidr)
  if (subnet === undefined || !isHost(subnet, address)) return no(`${address} is the first or the last address of ${network.cidr}, which no machine can have.`)
  if (address === network.address) return no(`${address} is the appliance's own address.`)
  if (address === network.gateway) return no(`${address} is the gateway of ${network.title}.`)
  if (world.reservations.some((one) => one.address === address)) return no(`${address} is reserved already: remove that reservation first.`)
  const same = world.reservations.find((one) => one.networkId === network.id && JSON.stringify(one.match) === JSON.stringify(match))
  if (same !== undefined) return no(`This client has a reservation on ${network.title} already: ${same.address}. Remove it first.`)
  const holder = world.holder(address)
  return holder === undefined ? { ok: true, network } : no(`${address} is in use by ${holder}: choose another address, or release that lease first.`)
}

const isHost = (subnet: Ipv4Network, address: string): boolean => contains(subnet, address) && address !== renderIpv4(subnet.first) && address !== renderIpv4(subnet.last)
const repeated = (codes: readonly number[]): number[] => [...new Set(codes.filter((code, index) => codes.indexOf(code) !== index))]
