import { randomBytes, randomInt } from 'node:crypto'
import { broadcastFlag, decodeDhcp4, encodeDhcp4 } from '../../codec/dhcp4.ts'
import { byteOption, option, readAddress, readMessageType, readText } from '../../codec/dhcp4-options.ts'
import { decodeFrame } from '../../codec/frame.ts'
import { contains, decodeIpv4, parseCidr } from '../../codec/ipv4.ts'
import { encodeIpv4Udp } from '../../codec/ipv4-udp.ts'
import { goneMs, OtherServers, type OtherServer } from '../../policy/dhcp/other-servers.ts'
import { MissingServer } from '../../policy/dhcp/missing-server.ts'
import type { NetbootLog, NetworkView, Site } from '../../site.ts'
import type { FrameListener, PacketSocket } from '../linux/native.ts'

const tickMs = 100
const mostPerTick = 64
/** When a network begins twice, so that a lost frame does not count; then often while one is there, and now and then while none is. */
const secondProbeMs = 1000
const probeEveryMs = { present: 10_000, absent: 30_000 }
/** How long mode full waits for answers before it gives its first address, where it shall refuse beside another server. dnsmasq pings for three seconds. */
const firstLookMs = 4000
const etherTypeIpv4 = 0x0800
const everybody = new Uint8Array(6).fill(0xff)
const none = '0.0.0.0'

/** What the watch of one interface works with. */
export interface WatchWorld {
  readonly site: Site
  readonly device: string
  readonly networks: () => readonly NetworkView[]
  readonly frames: PacketSocket
  readonly answers: FrameListener
  readonly log: NetbootLog
  readonly now: () => number
}

/** Looks for other DHCP servers on one wire. */
export interface ServerWatch {
  /** Whether this network shall give nothing new, because another server is there or was not yet looked for. */
  standsBack(network: NetworkView): boolean
  /** A client chose this server. */
  chosen(address: string): void
  close(): void
}

/**
 * Asks from time to time, as a client that does not exist, who gives addresses on this wire, and listens to what others answer.
 *
 * Only networks that are on the wire itself are watched. Beside mode full another server is trouble; beside mode proxy none is, because
 * then nobody gives addresses. A proxy of somebody else gives no address and does not count.
 */
export function watchServers({ site, device, networks, frames, answers, log, now }: WatchWorld): ServerWatch {
  const others = new OtherServers(goneMs.full)
  /** Who gives the addresses where we do not. */
  const givers = new OtherServers(goneMs.proxy)
  /** Since when a network is in mode full. */
  const since = new Map<string, number>()
  let seen: readonly NetworkView[] = []
  let isFirst = true
  let nextProbeMs = now()
  let xid = 0
  /** Networks of mode proxy, by id. */
  const proxied = new Map<string, MissingServer>()
  const mac = inventMac()
  const isProxied = (network: NetworkView): boolean => network.interface === device && network.mode === 'proxy' && !network.relayed
  const isWatched = (network: NetworkView): boolean => network.interface === device && network.mode === 'full' && !network.relayed
  const watched = (): NetworkView[] => networks().filter(isWatched)
  /** A network that begins to give addresses is looked at before it does. */
  const follow = (): void => {
    if (networks() === seen) return
    seen = networks()
    const ids = new Set(watched().map(({ id }) => id))
    for (const id of since.keys()) if (!ids.has(id)) since.delete(id)
    for (const id of ids) if (!since.has(id)) { since.set(id, now()); nextProbeMs = now(); isFirst = true }
    const lone = new Set(seen.filter(isProxied).map(({ id }) => id))
    for (const [id, one] of proxied) if (!lone.has(id)) {
      proxied.delete(id)
      if (one.isMissing) site.report({ kind: 'dhcp.serverFound', networkId: id })
    }
    for (const id of lone) if (!proxied.has(id)) { proxied.set(id, new MissingServer(now())); nextProbeMs = now(); isFirst = true }
  }
  const isOwn = (address: string): boolean => networks().some((network) => network.address === address)

  const heard = (server: OtherServer): void => {
    if (isOwn(server.address) || server.address === none) return
    for (const one of proxied.values()) one.heard(now())
    if (server.gives && proxied.size > 0 && givers.heard(server, now())) tellGiver(server, server.gives)
    const about = watched()
    const [first] = about
    if (!first || !others.heard(server, now())) return
    if (server.how === 'choice') nextProbeMs = Math.min(nextProbeMs, now())
    const network = about.find(({ address }) => address.split('.', 3).join('.') === server.address.split('.', 3).join('.')) ?? first
    const { address, how, serverMac, offered, bootFile } = server
    site.report({ kind: 'dhcp.otherServer', networkId: network.id, address, how, serverMac, offered, bootFile, standsBack: standsBack(network) })
  }
  const tellGiver = ({ address, serverMac, offered, bootFile }: OtherServer, { gateway, dns }: NonNullable<OtherServer['gives']>): void => {
    const about = networks().filter(isProxied)
    const network = about.find(({ cidr }) => { const subnet = parseCidr(cidr); return subnet !== undefined && contains(subnet, offered ?? address) }) ?? about[0]
    if (network) site.report({ kind: 'dhcp.addressServer', networkId: network.id, address, serverMac, gateway, dns, bootFile })
  }
  const standsBack = (network: NetworkView): boolean => {
    if (!isWatched(network) || network.whenOtherServer !== 'refuse') return false
    follow()
    return others.isPresent || now() - (since.get(network.id) ?? now()) < firstLookMs
  }

  const listen = (): void => {
    for (let count = 0; count < mostPerTick; count += 1) {
      const bytes = answers.receive()
      if (!bytes) return
      const server = readServer(bytes, xid)
      if (server) heard(server)
    }
  }
  const probe = (): void => {
    if (now() < nextProbeMs) return
    const inFull = watched().length > 0
    const due = [...(inFull ? [others.isPresent ? probeEveryMs.present : probeEveryMs.absent] : []), ...Array.from(proxied.values(), (one) => one.probeEveryMs)]
    nextProbeMs = now() + (isFirst ? secondProbeMs : Math.min(probeEveryMs.absent, ...due))
    isFirst = false
    if (due.length === 0) return
    xid = randomInt(2 ** 32)
    frames.send(everybody, etherTypeIpv4, composeProbe(mac, xid))
  }
  const timer = setInterval(() => {
    try {
      follow()
      listen()
      for (const address of others.gone(now())) {
        const [network] = watched()
        if (network) site.report({ kind: 'dhcp.otherServerGone', networkId: network.id, address })
      }
      for (const address of givers.gone(now())) for (const networkId of proxied.keys()) site.report({ kind: 'dhcp.otherServerGone', networkId, address })
      for (const [networkId, one] of proxied) {
        const news = one.news(now())
        if (news !== undefined) site.report({ kind: news === 'missing' ? 'dhcp.noServer' : 'dhcp.serverFound', networkId })
      }
      probe()
    } catch (error) { // an interface that is down for a moment; clients are served without this
      log.warn({ device, error: String(error) }, 'serverWatch.failed')
    }
  }, tickMs).unref()
  follow()
  probe()
  return {
    standsBack,
    chosen: (address) => heard({ address, how: 'choice', serverMac: null, offered: null, bootFile: null }),
    close() { clearInterval(timer); answers.close() },
  }
}

/** The MAC of a client that does not exist, of the locally administered kind. One for each watch: every new one would tie up another address of the server that answers. */
function inventMac(): Uint8Array {
  const mac = randomBytes(6)
  mac[0] = 0x02
  return mac
}

/** A DISCOVER of a client that does not exist. */
export function composeProbe(mac: Uint8Array, xid: number): Uint8Array {
  const encoded = encodeDhcp4({
    op: 'request', hardwareType: 1, hops: 0, xid, secs: 0, flags: broadcastFlag, clientAddress: none, yourAddress: none, nextServer: none, relayAddress: none,
    hardwareAddress: mac, serverName: '', bootFile: '', options: new Map([[option.messageType, byteOption(1)], [option.parameterList, Uint8Array.of(option.mask, option.router, option.dns, option.serverId, option.bootFile)]]),
  })
  if (!encoded.ok) throw new Error('a DISCOVER does not fit its packet')
  return encodeIpv4Udp({ address: none, port: 68 }, { address: '255.255.255.255', port: 67 }, encoded.value)
}

/** Who sent this DHCP answer, as a whole frame, or undefined where it gives no address; `xid` is our own question's. Never throws. */
export function readServer(frame: Uint8Array, xid: number): OtherServer | undefined {
  const decoded = decodeFrame(frame)
  if (decoded?.content.kind !== 'udp') return undefined
  const { content, from: serverMac } = decoded
  const message = decodeDhcp4(content.payload)
  if (!message.ok || message.value.op !== 'reply') return undefined
  const { options, yourAddress, bootFile, xid: answered } = message.value
  const type = readMessageType(options)
  if ((type !== 'offer' && type !== 'ack') || yourAddress === none) return undefined
  return {
    address: readAddress(options, option.serverId) ?? content.from.address, serverMac, offered: yourAddress, how: answered === xid ? 'probe' : 'answer',
    bootFile: readText(options, option.bootFile) || bootFile || null, gives: { gateway: readAddress(options, option.router) ?? '', dns: readAddresses(options.get(option.dns)) },
  }
}

const mostNameServers = 4

const readAddresses = (bytes: Uint8Array = new Uint8Array()): string[] => Array.from({ length: Math.min(mostNameServers, Math.floor(bytes.length / 4)) }, (_, at) => decodeIpv4(bytes, at * 4))
