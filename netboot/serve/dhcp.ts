import type { Mac } from '#contract/mac'
import { decodeDhcp4, encodeDhcp4, type DhcpMessage } from '../codec/dhcp4.ts'
import { encodeIpv4Udp } from '../codec/ipv4-udp.ts'
import { readBootRequest, type BootRequest } from '../policy/boot-request.ts'
import { chooseDestination } from '../policy/choose-destination.ts'
import { composeNak, composeReply, dropLastOption } from '../policy/compose-reply.ts'
import { decideAnswer, type DhcpAnswer } from '../policy/decide-answer.ts'
import { decideBoot } from '../policy/decide-boot.ts'
import { decideOffer, type BootAnswer } from '../policy/decide-offer.ts'
import type { LeaseBook } from '../policy/lease-book.ts'
import { bootFileNames, type DropReason, type NetbootLog, type NetworkView, type PacketFacts, type Site } from '../site.ts'
import type { Drops } from './drops.ts'
import type { PacketSocket } from './native.ts'
import { TokenBuckets } from './token-bucket.ts'
import type { Sender, UdpPort } from './udp.ts'

const pendingLimit = 1024
/** From one source address; all clients without an address share 0.0.0.0. */
const messagesPerSecond = 5000
const otherServerQuietMs = 60_000
const etherTypeIpv4 = 0x0800

/** What the DHCP server of one network works with. */
export interface DhcpWorld {
  readonly site: Site
  readonly networkId: string
  /** The network as it is now. */
  readonly network: () => NetworkView
  readonly book: LeaseBook
  readonly ports: { readonly server: UdpPort; readonly proxy: UdpPort }
  readonly frames: PacketSocket
  readonly drops: Drops
  readonly log: NetbootLog
  readonly now: () => number
  /** Called for every client that asks: its router advertisement may go out at once. */
  readonly heard: () => void
}

/**
 * Serves DHCP on ports 67 and 4011 of one network.
 *
 * INVARIANTS: nothing is awaited between a DISCOVER and its OFFER. An ACK leaves only after its lease is stored; until then the address is
 * held, so that no other client can be promised it meanwhile.
 */
export function serveDhcp(world: DhcpWorld): void {
  const rate = new TokenBuckets(messagesPerSecond, 2 * messagesPerSecond, 4096)
  const otherServers = new Map<string, number>()
  let pending = 0
  const drop = (why: DropReason, fields: object): void => { world.drops.count('dhcp', why); world.log.debug({ ...fields, why }, 'dhcp.ignored') }

  const handle = async (bytes: Uint8Array, from: Sender, port: 67 | 4011): Promise<void> => {
    const nowMs = world.now()
    if (rate.take(from.address, 1, nowMs) === 0) return drop('too-many', { from })
    const decoded = decodeDhcp4(bytes)
    if (!decoded.ok) return drop('malformed', { from, fault: decoded.fault })
    const read = readBootRequest(decoded.value)
    if (!read.ok) return drop(read.fault.kind, { from })
    const request = read.value
    const network = world.network()
    const packet = packetFacts(decoded.value, bytes, from, { address: network.address, port })
    reportHeard(world, request, packet)
    world.heard()
    reportOtherServer(world, otherServers, request, network, nowMs)

    const hasFile = (name: string): boolean => world.site.file(name) !== undefined
    const machine = world.site.machine(request.mac)
    const verdict = decideBoot(machine, network, hasFile(bootFileNames.kernel) && hasFile(bootFileNames.initrd))
    const boot = decideOffer(request, verdict.decision, network, hasFile)
    const answer = decideAnswer(request, port, boot, world.book, network, machine, nowMs)
    const lease = 'lease' in answer ? answer.lease : null
    if (lease) {
      if (pending >= pendingLimit) return drop('too-many', { mac: request.mac })
      pending += 1
      if (lease.state === 'bound') world.book.hold(lease.address, request.mac, nowMs)
      try {
        await world.site.commitLease(lease)
      } catch (error) {
        // Not stored, so not promised: the client asks again.
        world.log.error({ mac: request.mac, err: error }, 'lease.notStored')
        return drop('lease-not-stored', { mac: request.mac })
      } finally {
        pending -= 1
      }
      world.book.record(lease)
    }
    respond(world, request, decoded.value, network, answer, boot, { port, from }, packet, drop)
  }
  world.ports.server.serve((bytes, from) => handle(bytes, from, 67), (reason) => world.drops.count('dhcp', reason))
  world.ports.proxy.serve((bytes, from) => handle(bytes, from, 4011), (reason) => world.drops.count('dhcp', reason))
}

function respond(world: DhcpWorld, request: BootRequest, asked: DhcpMessage, network: NetworkView, answer: DhcpAnswer, boot: BootAnswer, arrived: { port: number; from: Sender }, packet: PacketFacts, drop: (why: DropReason, fields: object) => void): void {
  const { mac } = request
  const networkId = network.id
  const bootFile = boot.kind === 'boot' ? boot.file : null
  switch (answer.kind) {
    case 'ignore': return drop(answer.why, { mac })
    case 'silent':
      return world.site.report({ kind: answer.lease.state === 'declined' ? 'dhcp.declined' : 'dhcp.released', mac, networkId, address: answer.lease.address, packet })
    case 'nak':
      return world.site.report({ kind: 'dhcp.naked', mac, networkId, address: answer.address, why: answer.why, packet: send(world, request, composeNak(request, asked, network, answer.why), 'nak', arrived) })
    case 'reply': {
      const { grant } = answer
      const address = grant.address === '0.0.0.0' ? request.clientAddress ?? grant.address : grant.address
      const sent = send(world, request, composeReply(request, asked, network, grant, boot), grant.type, arrived)
      return world.site.report(grant.type === 'offer'
        ? { kind: 'dhcp.offered', mac, networkId, address, bootFile, packet: sent }
        : { kind: 'dhcp.acked', mac, networkId, address, leaseSeconds: grant.leaseSeconds ?? 0, bootFile, packet: sent })
    }
  }
}

function send(world: DhcpWorld, request: BootRequest, reply: DhcpMessage, type: 'offer' | 'ack' | 'nak', arrived: { port: number; from: Sender }): PacketFacts {
  let fitting: DhcpMessage | undefined = reply
  let encoded = encodeDhcp4(fitting, request.maxBytes)
  while (!encoded.ok && (fitting = dropLastOption(fitting)) !== undefined) encoded = encodeDhcp4(fitting, request.maxBytes)
  if (!encoded.ok) throw new Error(`an answer to ${request.mac} does not fit: ${encoded.fault.need} bytes`)
  const to = chooseDestination(request, type, reply.yourAddress, arrived)
  const port = arrived.port === 4011 ? world.ports.proxy : world.ports.server
  const source = { address: world.network().address, port: arrived.port }
  if (to.kind === 'socket') port.send(encoded.value, to)
  else world.frames.send(macBytes(to.mac), etherTypeIpv4, encodeIpv4Udp({ ...source, port: 67 }, to, encoded.value))
  return packetFacts(reply, encoded.value, source, to)
}

function packetFacts(message: DhcpMessage, bytes: Uint8Array, from: Sender, to: Sender): PacketFacts {
  return { xid: message.xid, secs: message.secs, relay: message.relayAddress === '0.0.0.0' ? null : message.relayAddress, from, to: { address: to.address, port: to.port }, bytes }
}

function reportHeard(world: DhcpWorld, request: BootRequest, packet: PacketFacts): void {
  const { mac, client, serverId: server } = request
  if (request.type === 'discover') world.site.report({ kind: 'dhcp.discovered', mac, networkId: world.networkId, client, packet })
  if (request.type === 'request') world.site.report({ kind: 'dhcp.requested', mac, networkId: world.networkId, address: request.requestedAddress ?? request.clientAddress ?? '0.0.0.0', server, client, packet })
}

function reportOtherServer(world: DhcpWorld, seen: Map<string, number>, request: BootRequest, network: NetworkView, nowMs: number): void {
  const address = request.serverId
  if (request.type !== 'request' || address === null || address === network.address || network.mode === 'proxy') return
  if (nowMs - (seen.get(address) ?? 0) < otherServerQuietMs || seen.size > 64) return
  seen.set(address, nowMs)
  world.site.report({ kind: 'dhcp.otherServer', networkId: network.id, address, how: 'choice', serverMac: null, offered: null, bootFile: null, standsBack: false })
}

const macBytes = (mac: Mac): Uint8Array => Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16))
