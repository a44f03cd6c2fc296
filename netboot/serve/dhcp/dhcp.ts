import type { Mac } from '#contract/mac'
import { decodeDhcp4, encodeDhcp4, type DhcpMessage } from '../../codec/dhcp4.ts'
import { encodeIpv4Udp } from '../../codec/ipv4-udp.ts'
import { readBootRequest, type BootRequest } from '../../policy/dhcp/boot-request.ts'
import { chooseDestination } from '../../policy/dhcp/choose-destination.ts'
import { chooseNetwork } from '../../policy/dhcp/choose-network.ts'
import { composeNak, composeReply, dropLastOption } from '../../policy/dhcp/compose-reply.ts'
import { decideAnswer, type DhcpAnswer } from '../../policy/dhcp/decide-answer.ts'
import { disputedWhy } from '../../policy/dhcp/decide-lease.ts'
import { decideBoot } from '../../policy/boot/decide-boot.ts'
import { decideOffer, type BootAnswer } from '../../policy/dhcp/decide-offer.ts'
import type { LoaderMemory } from '../../policy/boot/loader-memory.ts'
import { bootFileNames, type BootEvent, type DropReason, type Lease, type MachineView, type NetbootLog, type NetworkView, type PacketFacts, type Site } from '../../site.ts'
import type { DhcpBooks } from './books.ts'
import { reportDhcp, type DhcpReport } from './report.ts'
import type { Drops } from '../drops.ts'
import type { PacketSocket } from '../linux/native.ts'
import { TokenBuckets } from '../token-bucket.ts'
import type { Sender, UdpPort } from '../linux/udp.ts'

/** Leases on their way to the disk. Beyond the first number only machines that were inventoried are taken. */
const pendingLimit = { strangers: 8192, all: 32_768 }
const perMac = { perSecond: 50, burst: 200, keys: 8192 }
const etherTypeIpv4 = 0x0800

/** What the DHCP server of one interface works with. */
export interface DhcpWorld {
  readonly site: Site
  readonly device: string
  readonly books: DhcpBooks
  readonly ports: { readonly server: UdpPort; readonly proxy: UdpPort }
  readonly frames: PacketSocket
  readonly loaders: LoaderMemory
  readonly drops: Drops
  readonly log: NetbootLog
  readonly now: () => number
  /** Whether another DHCP server is here and this network shall then give nothing new. */
  readonly standsBack: (network: NetworkView) => boolean
  /** Called with every request that is about a network, and where it came from: another server may be named in it. */
  readonly heard: (request: BootRequest, from: Sender) => void
  /** Called with every address that is promised. */
  readonly promised: (network: NetworkView, address: string) => void
}

/** One message on its way through the server. */
interface Asked { readonly request: BootRequest; readonly message: DhcpMessage; readonly arrived: { port: 67 | 4011; from: Sender }; readonly isTold: boolean }

/**
 * Serves DHCP on ports 67 and 4011 of one interface, for all its networks.
 *
 * INVARIANTS: nothing is awaited between a DISCOVER and its OFFER. An ACK leaves only after its lease is stored; until then the address is
 * the client's in the book, so that nobody else can be promised it meanwhile.
 */
export function serveDhcp(given: DhcpWorld): void {
  // Spelled out, so that to the engine it is of one shape whoever made it: what the rehearsal has compiled is then good for all.
  const world: DhcpWorld = {
    site: given.site, device: given.device, books: given.books, ports: given.ports, frames: given.frames, loaders: given.loaders, drops: given.drops, log: given.log, now: given.now,
    standsBack: given.standsBack, heard: given.heard, promised: given.promised,
  }
  const { site, books, drops, log } = world
  const rate = new TokenBuckets(perMac.perSecond, perMac.burst, perMac.keys)
  const report = reportDhcp(site, world.now)
  const hasFile = (name: string): boolean => site.file(name) !== undefined
  let pending = 0
  const drop = (why: DropReason): void => drops.count('dhcp', why)

  const handle = (bytes: Uint8Array, from: Sender, port: 67 | 4011): void => {
    const decoded = decodeDhcp4(bytes)
    if (!decoded.ok) return drop('malformed')
    const message = decoded.value
    const read = readBootRequest(message)
    if (!read.ok) return drop(read.fault.kind)
    const request = read.value
    const nowMs = world.now()
    if (rate.take(request.mac, 1, nowMs) === 0) return drop('too-many')
    const choice = chooseNetwork(request, world.device, books.networks(), from.address)
    if (choice.kind === 'ignore') return drop(choice.why)
    const [first] = choice.networks
    if (!first) return drop('no-subnet')
    const packet = packetFacts(message)
    const isStranger = site.machine(request.mac) === undefined
    const isTold = report.heard(request, first, isStranger, packet)
    world.heard(request, from)

    // The report may have made it known.
    const machine = site.machine(request.mac)
    const asked: Asked = { request, message, arrived: { port, from }, isTold }
    const { network, boot, answer } = decideAmong(books.preferred(choice.networks, request), request, port, machine, nowMs)
    if (answer.kind === 'ignore') {
      drop(answer.why)
      if (answer.why === 'pool-full') report.pool(network, books.book(network))
      return report.ignored(request.mac, network.id, answer.why, packet)
    }
    const lease = 'lease' in answer ? answer.lease : null
    if (lease === null) return respond(world, report, asked, network, answer, boot, packet)
    if (pending >= (machine?.isInventoried === true ? pendingLimit.all : pendingLimit.strangers)) return drop('too-many')
    // As in the datagram loop, which has gone on meanwhile.
    store(asked, network, answer, boot, lease, packet).catch((error: unknown) => { drop('broken'); log.error({ mac: request.mac, err: error }, 'datagram.broken') })
    return undefined
  }

  /** The answer of the first network that has an address left. */
  function decideAmong(networks: readonly NetworkView[], request: BootRequest, port: 67 | 4011, machine: MachineView | undefined, nowMs: number): { network: NetworkView; boot: BootAnswer; answer: DhcpAnswer } {
    const decide = (network: NetworkView): { network: NetworkView; boot: BootAnswer; answer: DhcpAnswer } => {
      const verdict = decideBoot(machine, network, hasFile(bootFileNames.kernel) && hasFile(bootFileNames.initrd))
      const boot = decideOffer(request, verdict.decision, network, hasFile, { refusesUnsigned: machine?.hasSecureBoot === true || world.loaders.refuses(request.mac), loader: machine?.bootPath?.loader })
      const claim = books.claim(request, network, machine, world.standsBack(network))
      return { network, boot, answer: decideAnswer(request, port, boot, books.book(network), network, claim, nowMs) }
    }
    const isFull = ({ answer }: { answer: DhcpAnswer }): boolean => answer.kind === 'ignore' && answer.why === 'pool-full'
    const [first, ...others] = networks
    if (!first) throw new Error('there is no network to decide about')
    let best = decide(first)
    for (const network of others) {
      if (!isFull(best)) return best
      const next = decide(network)
      if (!isFull(next)) best = next
    }
    return best
  }

  async function store(asked: Asked, network: NetworkView, decided: DhcpAnswer, boot: BootAnswer, lease: Lease, packet: PacketFacts): Promise<void> {
    const book = books.book(network)
    const { mac } = asked.request
    let answer = decided
    pending += 1
    if (lease.state === 'bound') book.commit(lease.address, mac)
    try {
      await site.commitLease(lease)
      // Somebody else was found on it meanwhile, which is stored as a later fact.
      if (lease.state === 'bound' && book.isDisputed(lease.address, mac)) answer = { kind: 'nak', address: lease.address, why: disputedWhy }
      else book.record(lease)
    } catch (error) {
      // Not stored, so not promised: the client asks again. Whoever stores says what is wrong, once.
      log.debug({ mac, err: error }, 'lease.notStored')
      drop('lease-not-stored')
      report.ignored(mac, network.id, 'lease-not-stored', packet)
      return
    } finally {
      pending -= 1
      if (lease.state === 'bound') book.settled(lease.address, world.now())
    }
    respond(world, report, asked, network, answer, boot, packet)
  }
  world.ports.server.serve((bytes, from) => handle(bytes, from, 67), (reason) => drop(reason))
  world.ports.proxy.serve((bytes, from) => handle(bytes, from, 4011), (reason) => drop(reason))
}

function respond(world: DhcpWorld, report: DhcpReport, asked: Asked, network: NetworkView, answer: DhcpAnswer, boot: BootAnswer, packet: PacketFacts): void {
  const { request, message } = asked
  const { mac } = request
  const networkId = network.id
  const tell = (event: BootEvent): void => { if (asked.isTold) world.site.report(event) }
  switch (answer.kind) {
    case 'ignore': return undefined
    case 'silent':
      return tell({ kind: answer.lease.state === 'declined' ? 'dhcp.declined' : 'dhcp.released', mac, networkId, address: answer.lease.address, packet })
    case 'nak':
      send(world, asked, network, composeNak(request, message, network, answer.why), 'nak')
      return tell({ kind: 'dhcp.naked', mac, networkId, address: answer.address, why: answer.why, packet })
    case 'reply': {
      const { grant } = answer
      const bootFile = boot.kind === 'boot' ? boot.file : null
      const address = grant.address === '0.0.0.0' ? request.clientAddress ?? grant.address : grant.address
      send(world, asked, network, composeReply(request, message, network, grant, boot), grant.type)
      tell(grant.type === 'offer'
        ? { kind: 'dhcp.offered', mac, networkId, address, bootFile, packet }
        : { kind: 'dhcp.acked', mac, networkId, address, leaseSeconds: grant.leaseSeconds ?? 0, bootFile, packet })
      if (grant.type === 'offer' && grant.address !== '0.0.0.0') {
        world.promised(network, grant.address)
        report.pool(network, world.books.book(network))
      }
    }
  }
}

function send(world: DhcpWorld, { request, arrived }: Asked, network: NetworkView, reply: DhcpMessage, type: 'offer' | 'ack' | 'nak'): void {
  let fitting: DhcpMessage | undefined = reply
  let encoded = encodeDhcp4(fitting, request.maxBytes)
  while (!encoded.ok && (fitting = dropLastOption(fitting)) !== undefined) encoded = encodeDhcp4(fitting, request.maxBytes)
  if (!encoded.ok) throw new Error(`an answer to ${request.mac} does not fit: ${encoded.fault.need} bytes`)
  const to = chooseDestination(request, type, reply.yourAddress, arrived)
  if (to.kind === 'socket') (arrived.port === 4011 ? world.ports.proxy : world.ports.server).send(encoded.value, to)
  else world.frames.send(parseMacBytes(to.mac), etherTypeIpv4, encodeIpv4Udp({ address: network.address, port: arrived.port }, to, encoded.value))
}

const packetFacts = ({ xid, secs, relayAddress }: DhcpMessage): PacketFacts => ({ xid, secs, relay: relayAddress === '0.0.0.0' ? null : relayAddress })

/** Without `split`: it is done for each frame. */
function parseMacBytes(mac: Mac): Uint8Array {
  const bytes = new Uint8Array(6)
  for (let at = 0; at < 6; at += 1) bytes[at] = hexDigit(mac.charCodeAt(at * 3)) * 16 + hexDigit(mac.charCodeAt(at * 3 + 1))
  return bytes
}

/** Of a lower-case digit, by its character. */
const hexDigit = (code: number): number => (code > 57 ? code - 87 : code - 48)
