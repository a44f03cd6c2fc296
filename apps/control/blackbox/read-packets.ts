import type { Mac } from '#contract/mac'
import { architectures } from '#netboot/arch/index'
import { decodeDhcp4 } from '#netboot/codec/dhcp4'
import { cleanText, option, readAddress, readArchitectures, readIsIpxe, readMessageType, readText } from '#netboot/codec/dhcp4-options'
import { decodeDhcp6 } from '#netboot/codec/dhcpv6'
import { findOption, option6, readArchitectures6, readIaNas } from '#netboot/codec/dhcpv6-options'
import { decodeFrame, type End, type Frame } from '#netboot/codec/frame'
import type { CapturedFrame } from '#netboot/codec/pcap'
import { decodeClientUuid } from '#netboot/codec/uuid'
import { readRequest6 } from '#netboot/policy/dhcpv6/request'
import type { Dhcp6Moment, DhcpMoment, Moment } from './moment.ts'
import { HttpReader } from './read-http.ts'
import { TftpReader } from './read-tftp.ts'

/**
 * The moments that a machine's recorded frames tell, in order of time: DHCP and DHCPv6 messages one by one, TFTP transfers and HTTP requests as wholes.
 * Frames may be cut and thinned out as the recorder does it. Never throws, whatever is in them.
 */
export function readPackets(frames: readonly CapturedFrame[], mac: Mac): Moment[] {
  const moments: Moment[] = []
  /** Whom an answer is for: it does not say so itself. */
  const askers = new Map<number, Asker>()
  const askers6 = new Map<number, Asker>()
  const tftp = new TftpReader(mac)
  const http = new HttpReader(mac)
  for (const { bytes, atMs } of frames) {
    const frame = decodeFrame(bytes)
    if (frame === undefined) continue
    const { content } = frame
    const fromMachine = frame.from === mac
    switch (content.kind) {
      case 'arp':
        moments.push({ kind: 'arp', atMs, mac, seq: null, fromMachine, isAnswer: content.operation === 'reply', asks: content.target.address, teller: content.sender.address })
        break
      case 'unreachable':
        moments.push({ kind: 'unreachable', atMs, mac, seq: null, from: content.from, port: content.about?.port ?? null, fromMachine })
        break
      case 'udp': {
        if (isDhcp6(content.to)) {
          const dhcp6 = readDhcp6(content, mac, atMs)
          if (dhcp6?.fromMachine) askers6.set(dhcp6.transaction ?? 0, askerOf(dhcp6))
          if (dhcp6) moments.push(dhcp6.fromMachine ? dhcp6 : { ...dhcp6, ...askers6.get(dhcp6.transaction ?? 0) })
          break
        }
        const dhcp = isDhcp(content.from) || isDhcp(content.to) ? readDhcp(content, mac, atMs) : undefined
        if (dhcp?.fromMachine) askers.set(dhcp.xid ?? 0, askerOf(dhcp))
        if (dhcp) moments.push(dhcp.fromMachine ? dhcp : { ...dhcp, ...askers.get(dhcp.xid ?? 0) })
        else tftp.take(content, atMs)
        break
      }
      case 'tcp': http.take(content, atMs); break
      case 'other': break
    }
  }
  return [...moments, ...tftp.moments(), ...http.moments()].sort((a, b) => a.atMs - b.atMs)
}

/** What only the question says of who asks. */
type Asker = Pick<DhcpMoment, 'client' | 'architecture' | 'architectureId' | 'uuid'>
const askerOf = ({ client, architecture, architectureId, uuid }: Asker): Asker => ({ client, architecture, architectureId, uuid })

const isDhcp = ({ port }: End): boolean => port === 67 || port === 68 || port === 4011
const isDhcp6 = ({ port }: End): boolean => port === 546 || port === 547

function readDhcp(datagram: Frame['content'] & { kind: 'udp' }, mac: Mac, atMs: number): DhcpMoment | undefined {
  const decoded = decodeDhcp4(datagram.payload)
  if (!decoded.ok) return undefined
  const message = decoded.value
  const type = readMessageType(message.options)
  if (type === undefined) return undefined
  const fromMachine = message.op === 'request'
  const vendorClass = readText(message.options, option.vendorClass)
  const [number] = readArchitectures(message.options)
  const known = architectures.entries.find(({ dhcpTypes, httpTypes }) => number !== undefined && (dhcpTypes.includes(number) || httpTypes.includes(number)))
  const address = fromMachine ? readAddress(message.options, option.requestedAddress) ?? message.clientAddress : message.yourAddress
  return {
    kind: 'dhcp', atMs, mac, seq: null, message: type, fromMachine, isProxyPort: datagram.from.port === 4011 || datagram.to.port === 4011, xid: message.xid, secs: message.secs,
    client: readIsIpxe(message.options) ? 'ipxe' : /^(PXE|HTTP)Client/.test(vendorClass) ? 'firmware' : 'system',
    architecture: number ?? null, architectureId: known?.id ?? null,
    server: readAddress(message.options, option.serverId) ?? (fromMachine ? null : datagram.from.address),
    address: address === '0.0.0.0' ? '' : address, bootFile: fromMachine ? '' : message.bootFile || readText(message.options, option.bootFile),
    relay: message.relayAddress === '0.0.0.0' ? null : message.relayAddress, uuid: decodeClientUuid(message.options.get(option.clientUuid)), words: readText(message.options, option.message),
  }
}

function readDhcp6(datagram: Frame['content'] & { kind: 'udp' }, mac: Mac, atMs: number): Dhcp6Moment | undefined {
  const decoded = decodeDhcp6(datagram.payload)
  if (!decoded.ok) return undefined
  const { relays, message: { type, transaction, options } } = decoded.value
  const request = readRequest6(decoded.value, datagram.from.address)
  if (!request.ok && request.fault.kind === 'malformed') return undefined
  const [association] = readIaNas(options) ?? []
  const asked = request.ok ? request.value : undefined
  const server = findOption(options, option6.serverId)
  const status = findOption(options, option6.status)
  const relay = relays.at(-1)?.linkAddress ?? null
  return {
    kind: 'dhcp6', atMs, mac, seq: null, message: type, fromMachine: request.ok, transaction, elapsedMs: asked?.elapsedMs ?? null,
    client: asked?.client.kind ?? 'system', architecture: asked === undefined || asked.client.kind === 'system' ? null : readArchitectures6(options)[0] ?? null, architectureId: asked?.client.architecture ?? null,
    server: server === undefined ? null : Buffer.from(server).toString('hex'), address: association?.addresses.find(({ validSeconds }) => request.ok || validSeconds > 0)?.address ?? '',
    bootFile: cleanText(findOption(options, option6.bootUrl) ?? new Uint8Array(), 300), relay: relay === '::' ? null : relay, uuid: asked?.client.uuid ?? null,
    words: association?.status?.text ?? (status === undefined || (status[0] === 0 && status[1] === 0) ? '' : cleanText(status.subarray(2))),
  }
}
