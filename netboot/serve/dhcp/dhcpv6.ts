import { decodeDhcp6, encodeDhcp6 } from '../../codec/dhcpv6.ts'
import { option6 } from '../../codec/dhcpv6-options.ts'
import { linkLayerDuid } from '../../codec/duid.ts'
import { inPrefix64, parsePrefix64 } from '../../codec/ipv6.ts'
import { decideBoot } from '../../policy/boot/decide-boot.ts'
import { decideOffer } from '../../policy/dhcp/decide-offer.ts'
import { decideAnswer6, type Answer6 } from '../../policy/dhcpv6/answer.ts'
import { readRequest6, type Request6 } from '../../policy/dhcpv6/request.ts'
import type { LoaderMemory } from '../../policy/boot/loader-memory.ts'
import { bootFileNames, type DropReason, type NetbootLog, type PacketFacts, type Site } from '../../site.ts'
import type { Dhcp6Books, Ipv6Network } from './dhcpv6-books.ts'
import type { Drops } from '../drops.ts'
import { TokenBuckets } from '../token-bucket.ts'
import type { Sender, UdpPort } from '../linux/udp.ts'

/** Where clients and relays send to: All_DHCP_Relay_Agents_and_Servers and All_DHCP_Servers. @see RFC 8415 §7.1 */
export const dhcp6Groups = ['ff02::1:2', 'ff05::1:3'] as const

const ports = { client: 546, server: 547 } as const
const perSender = { perSecond: 50, burst: 200, keys: 8192 }
/** As of DHCPv4: in a storm of strangers the site hears of some. */
const strangers = { perSecond: 20, burst: 2500 }

/** What the DHCPv6 server of one interface works with. */
export interface Dhcp6World {
  readonly site: Site
  readonly device: string
  /** Of the interface: it makes the server's own identifier. */
  readonly mac: string
  readonly books: Dhcp6Books
  readonly port: UdpPort
  readonly loaders: LoaderMemory
  readonly drops: Drops
  readonly log: NetbootLog
  readonly now: () => number
}

/** Serves DHCPv6 on port 547 of one interface, for all its networks that have a prefix. Nothing is awaited: nothing need be stored. */
export function serveDhcp6(world: Dhcp6World): void {
  const { site, device, books, drops, log, now } = world
  const serverDuid = linkLayerDuid(world.mac)
  const rate = new TokenBuckets(perSender.perSecond, perSender.burst, perSender.keys)
  const strange = new TokenBuckets(strangers.perSecond, strangers.burst, 1)
  const hasFile = (name: string): boolean => site.file(name) !== undefined
  const drop = (why: DropReason): void => drops.count('dhcp6', why)

  world.port.serve((bytes, from) => {
    const decoded = decodeDhcp6(bytes)
    if (!decoded.ok) return drop('malformed')
    const read = readRequest6(decoded.value, from.address)
    if (!read.ok) return drop(read.fault.kind)
    const request = read.value
    const nowMs = now()
    if (rate.take(request.mac ?? from.address, 1, nowMs) === 0) return drop('too-many')
    const network = chooseNetwork6(request, books.networks(device))
    if (!network) return drop(request.relays.length > 0 ? 'relay-unknown' : 'no-subnet')
    const isTold = request.mac !== null && (site.machine(request.mac) !== undefined || strange.take('', 1, nowMs) === 1)
    const packet: PacketFacts = { xid: request.transaction, secs: Math.floor(request.elapsedMs / 1000), relay: request.relays.at(-1)?.linkAddress ?? null }
    if (isTold && request.mac !== null && request.type === 'solicit') site.report({ kind: 'dhcp6.solicited', mac: request.mac, networkId: network.id, client: request.client, packet })

    // The report may have made it known.
    const machine = request.mac === null ? undefined : site.machine(request.mac)
    const verdict = decideBoot(machine, network, hasFile(bootFileNames.kernel) && hasFile(bootFileNames.initrd))
    const refusesUnsigned = machine?.hasSecureBoot === true || (request.mac !== null && world.loaders.refuses(request.mac))
    const boot = decideOffer(request, verdict.decision, { address: `[${network.ipv6.address}]`, mode: 'full' }, hasFile, { refusesUnsigned, loader: machine?.bootPath?.loader })
    const book = books.book(network)
    const answer = decideAnswer6(request, { serverDuid, network, book, boot, nowMs })
    if (answer.kind === 'ignore') return drop(answer.why)
    for (const { address, owner } of answer.given) {
      if (answer.change === 'bind') book.bind(address, owner, nowMs + network.leaseSeconds * 1000)
      if (answer.change === 'release') book.release(address, owner)
      if (answer.change === 'decline') book.decline(address, owner, nowMs)
    }
    send(request, answer, from)
    if (isTold) tell(request, answer, network, packet)
    return undefined
  }, drop)

  function send(request: Request6, answer: Answer6 & { kind: 'reply' }, from: Sender): void {
    // Of what relays sent along they want back only the interface (RFC 8415 §19.2).
    const relays = request.relays.map((relay) => ({ ...relay, options: relay.options.filter(({ code }) => code === option6.interfaceId) }))
    const bytes = encodeDhcp6({ relays, message: { type: answer.type, transaction: request.transaction, options: answer.options } })
    if (bytes.length > 1400) log.warn({ mac: request.mac, bytes: bytes.length }, 'dhcp6.answerTooBig')
    else world.port.send(bytes, { address: from.address, port: relays.length > 0 ? ports.server : ports.client })
  }

  function tell({ mac }: Request6, { type, given: [first], change, bootUrl }: Answer6 & { kind: 'reply' }, network: Ipv6Network, packet: PacketFacts): void {
    if (mac === null || !first) return
    const { address } = first
    const networkId = network.id
    if (type === 'advertise') return site.report({ kind: 'dhcp6.advertised', mac, networkId, address, bootFile: bootUrl, packet })
    if (change === 'bind') return site.report({ kind: 'dhcp6.bound', mac, networkId, address, leaseSeconds: network.leaseSeconds, bootFile: bootUrl, packet })
    if (change === 'none') return undefined
    return site.report({ kind: change === 'release' ? 'dhcp6.released' : 'dhcp6.declined', mac, networkId, address, packet })
  }
}

/** Behind relays the link that the nearest one names, else its next; on our own wire the first network that is on it. */
function chooseNetwork6({ relays }: Request6, networks: readonly Ipv6Network[]): Ipv6Network | undefined {
  const links = relays.map(({ linkAddress }) => linkAddress).filter((link) => link !== '::')
  const link = links.at(-1)
  if (link === undefined) return networks.find(({ relayed }) => !relayed)
  return networks.find(({ ipv6 }) => { const prefix = parsePrefix64(ipv6.prefix); return prefix !== undefined && inPrefix64(prefix, link) })
}
