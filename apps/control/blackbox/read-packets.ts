import type { Mac } from '#contract/mac'
import { architectures } from '#netboot/arch/index'
import { decodeDhcp4 } from '#netboot/codec/dhcp4'
import { option, readAddress, readArchitectures, readIsIpxe, readMessageType, readText } from '#netboot/codec/dhcp4-options'
import { decodeFrame, type End, type Frame } from '#netboot/codec/frame'
import type { CapturedFrame } from '#netboot/codec/pcap'
import { decodeClientUuid } from '#netboot/codec/uuid'
import type { DhcpMoment, Moment } from './moment.ts'
import { HttpReader } from './read-http.ts'
import { TftpReader } from './read-tftp.ts'

/**
 * The moments that a machine's recorded frames tell, in order of time: DHCP messages one by one, TFTP transfers and HTTP requests as wholes.
 * Frames may be cut and thinned out as the recorder does it. Never throws, whatever is in them.
 */
export function readPackets(frames: readonly CapturedFrame[], mac: Mac): Moment[] {
  const moments: Moment[] = []
  /** Whom an answer is for: it does not say so itself. */
  const askers = new Map<number, Pick<DhcpMoment, 'client' | 'architecture' | 'architectureId' | 'uuid'>>()
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
        const dhcp = isDhcp(content.from) || isDhcp(content.to) ? readDhcp(content, mac, atMs) : undefined
        if (dhcp?.fromMachine) askers.set(dhcp.xid ?? 0, { client: dhcp.client, architecture: dhcp.architecture, architectureId: dhcp.architectureId, uuid: dhcp.uuid })
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

const isDhcp = ({ port }: End): boolean => port === 67 || port === 68 || port === 4011

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
