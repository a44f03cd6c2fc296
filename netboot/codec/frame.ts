import type { Mac } from '#contract/mac'
import { decodeIpv4 } from './ipv4.ts'
import { renderIpv6 } from './ipv6.ts'

/** What an Ethernet frame carries, as far as a boot needs it. `payload` is a view; it is short where the frame was cut for the record. */
export type FrameContent =
  | { kind: 'arp'; operation: 'request' | 'reply'; sender: { mac: Mac; address: string }; target: { mac: Mac; address: string } }
  | { kind: 'udp'; from: End; to: End; payload: Uint8Array; payloadBytes: number }
  | { kind: 'tcp'; from: End; to: End; flags: number; sequence: number; acknowledged: number; payload: Uint8Array; payloadBytes: number }
  /** An error that a router or host sent back; `about` is where the refused datagram went to. @see RFC 792, RFC 4443 §3.1 */
  | { kind: 'unreachable'; from: string; to: string; code: number; about: End | null }
  | { kind: 'other'; etherType: number }

/** An address with its port. */
export interface End { readonly address: string; readonly port: number }

/** An Ethernet frame. */
export interface Frame {
  readonly from: Mac
  readonly to: Mac
  readonly content: FrameContent
}

/** TCP's flags. @see RFC 9293 §3.1 */
export const tcpFlag = { fin: 1, syn: 2, reset: 4, push: 8, acknowledge: 16 } as const

/**
 * An Ethernet frame, without VLAN tag, as far as it was kept.
 *
 * ```
 *  0 destination | 6 source | 12 type      ARP 0806: 14 | 20 operation | 22 sender 6+4 | 32 target 6+4
 *                                          IPv4 0800: 14 version, header length | 20 fragment | 23 protocol | 26 source | 30 destination
 *                                          IPv6 86dd: 18 payload length | 20 next header | 22 source 16 | 38 destination 16 | 54 payload
 * ```
 * Of IPv6, packets with extension headers are `other`: no boot sends them.
 * Undefined for what is no whole Ethernet header. Never throws.
 */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < 14) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const etherType = view.getUint16(12)
  const content = etherType === 0x0806 ? decodeArp(bytes, view) : etherType === 0x0800 ? decodePacket(bytes, view) : etherType === 0x86dd ? decodePacket6(bytes, view) : undefined
  return { from: macText(bytes, 6), to: macText(bytes, 0), content: content ?? { kind: 'other', etherType } }
}

function decodeArp(bytes: Uint8Array, view: DataView): FrameContent | undefined {
  if (bytes.length < 42 || view.getUint16(14) !== 1 || view.getUint16(16) !== 0x0800) return undefined
  const operation = view.getUint16(20)
  if (operation !== 1 && operation !== 2) return undefined
  const end = (at: number): { mac: Mac; address: string } => ({ mac: macText(bytes, at), address: decodeIpv4(bytes.subarray(at + 6)) })
  return { kind: 'arp', operation: operation === 1 ? 'request' : 'reply', sender: end(22), target: end(32) }
}

function decodePacket(bytes: Uint8Array, view: DataView): FrameContent | undefined {
  if (bytes.length < 34 || view.getUint8(14) >> 4 !== 4) return undefined
  const header = (view.getUint8(14) & 15) * 4
  const at = 14 + header
  // A later piece of a packet has no ports of its own.
  if (header < 20 || (view.getUint16(20) & 0x1fff) !== 0 || bytes.length < at + 8) return undefined
  const [from, to] = [dotted(bytes, 26), dotted(bytes, 30)]
  if (view.getUint8(23) === 1) return view.getUint8(at) === 3 ? { kind: 'unreachable', from, to, code: view.getUint8(at + 1), about: refusedEnd(bytes, view, at + 8) } : undefined
  return decodeTransport(bytes, view, { protocol: view.getUint8(23), at, packetBytes: view.getUint16(16) - header, from, to })
}

function decodePacket6(bytes: Uint8Array, view: DataView): FrameContent | undefined {
  const at = 54
  if (bytes.length < at + 8 || view.getUint8(14) >> 4 !== 6) return undefined
  const [from, to] = [renderIpv6(bytes, 22), renderIpv6(bytes, 38)]
  const protocol = view.getUint8(20)
  if (protocol === 58) return view.getUint8(at) === 1 ? { kind: 'unreachable', from, to, code: view.getUint8(at + 1), about: bytes.length < at + 52 ? null : { address: renderIpv6(bytes, at + 32), port: view.getUint16(at + 50) } } : undefined
  return decodeTransport(bytes, view, { protocol, at, packetBytes: view.getUint16(18), from, to })
}

/** A packet whose addresses are read already: its UDP or TCP begins `at`. */
interface Packet { readonly protocol: number; readonly at: number; readonly packetBytes: number; readonly from: string; readonly to: string }

function decodeTransport(bytes: Uint8Array, view: DataView, { protocol, at, packetBytes, from, to }: Packet): FrameContent | undefined {
  const ends = (): { from: End; to: End } => ({ from: { address: from, port: view.getUint16(at) }, to: { address: to, port: view.getUint16(at + 2) } })
  switch (protocol) {
    case 17: {
      const payloadBytes = Math.max(0, view.getUint16(at + 4) - 8)
      return { kind: 'udp', ...ends(), payload: bytes.subarray(at + 8, at + 8 + payloadBytes), payloadBytes }
    }
    case 6: {
      if (bytes.length < at + 20) return undefined
      const options = (view.getUint8(at + 12) >> 4) * 4
      const payloadBytes = Math.max(0, packetBytes - options)
      return { kind: 'tcp', ...ends(), flags: view.getUint8(at + 13), sequence: view.getUint32(at + 4), acknowledged: view.getUint32(at + 8), payload: bytes.subarray(at + options, at + options + payloadBytes), payloadBytes }
    }
    default: return undefined
  }
}

function refusedEnd(bytes: Uint8Array, view: DataView, at: number): End | null {
  if (bytes.length < at + 28) return null
  const header = (view.getUint8(at) & 15) * 4
  return bytes.length < at + header + 4 ? null : { address: decodeIpv4(bytes.subarray(at + 16)), port: view.getUint16(at + header + 2) }
}

/** What `decodeIpv4` says, without a view and a list for each packet: this runs for every recorded one. */
const dotted = (bytes: Uint8Array, at: number): string => `${bytes[at] ?? 0}.${bytes[at + 1] ?? 0}.${bytes[at + 2] ?? 0}.${bytes[at + 3] ?? 0}`

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Six bytes as a hardware address; what is missing counts as 0. */
export const macText = (bytes: Uint8Array, at: number): Mac =>
  `${hex[bytes[at] ?? 0]}:${hex[bytes[at + 1] ?? 0]}:${hex[bytes[at + 2] ?? 0]}:${hex[bytes[at + 3] ?? 0]}:${hex[bytes[at + 4] ?? 0]}:${hex[bytes[at + 5] ?? 0]}`
