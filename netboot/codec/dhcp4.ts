import { fault, ok, type Result } from '#contract/result'
import { option, type Options } from './dhcp4-options.ts'
import { decodeIpv4, writeIpv4 } from './ipv4.ts'
import { decodeLatin, encodeLatin, plainBytes } from './latin.ts'

/** A DHCPv4 message. RFC 2131's own field names stand behind each. Addresses are dotted; 0.0.0.0 means "none". */
export interface DhcpMessage {
  readonly op: 'request' | 'reply'
  /** htype: 1 is Ethernet. */
  readonly hardwareType: number
  readonly hops: number
  readonly xid: number
  readonly secs: number
  /** The whole flags field; 0x8000 asks for broadcast answers. */
  readonly flags: number
  /** ciaddr */
  readonly clientAddress: string
  /** yiaddr */
  readonly yourAddress: string
  /** siaddr */
  readonly nextServer: string
  /** giaddr */
  readonly relayAddress: string
  /** chaddr, as long as hlen says: at most 16 bytes. */
  readonly hardwareAddress: Uint8Array
  /** sname; empty where it carries options instead. Latin-1, at most 64 bytes. */
  readonly serverName: string
  /** file; empty where it carries options instead. Latin-1, at most 128 bytes. */
  readonly bootFile: string
  readonly options: Options
}

/** Why bytes are not a DHCP message. `at` counts from the start of the datagram. */
export type Dhcp4Fault =
  | { kind: 'too-short'; have: number; need: number }
  | { kind: 'unknown-op'; op: number }
  | { kind: 'hardware-address-too-long'; length: number }
  | { kind: 'no-magic-cookie' }
  | { kind: 'option-overruns'; option: number; at: number; need: number; have: number }

/** Why a message cannot be sent: its options need more room than the client takes. */
export type Dhcp4EncodeFault = { kind: 'message-too-big'; need: number; limit: number }

/** Asks for broadcast answers. @see RFC 2131 §2, figure 2 */
export const broadcastFlag = 0x8000

/** The largest message that a client must take without saying so: RFC 2131 §2's 576 bytes of IP, less the headers. */
export const defaultMaxBytes = 548

const fixedBytes = 236
const cookie = 0x63825363
const nameAt = 44
const fileAt = 108
const minimumBytes = 300

/**
 * A datagram on port 67, 68 or 4011 as a message.
 *
 * ```
 *  0 op | htype | hlen | hops     16 yiaddr     28 chaddr 16      236 63 82 53 63
 *  4 xid                          20 siaddr     44 sname 64       240 options: code, length, value
 *  8 secs | flags                 24 giaddr    108 file 128
 * 12 ciaddr
 * ```
 * A missing end option is taken as the end of the datagram. Long options are joined over all three fields in the order options, file,
 * sname. Never throws. Faults: `too-short`, `unknown-op`, `hardware-address-too-long`, `no-magic-cookie`, `option-overruns`.
 *
 * @see RFC 2131 §2, RFC 2132 §9.3 (overload), RFC 3396 §7 (long options)
 */
export function decodeDhcp4(datagram: Uint8Array): Result<DhcpMessage, Dhcp4Fault> {
  const bytes = plainBytes(datagram)
  if (bytes.length < fixedBytes + 4) return fault({ kind: 'too-short', have: bytes.length, need: fixedBytes + 4 })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const op = view.getUint8(0)
  if (op !== 1 && op !== 2) return fault({ kind: 'unknown-op', op })
  const hardwareLength = view.getUint8(2)
  if (hardwareLength > 16) return fault({ kind: 'hardware-address-too-long', length: hardwareLength })
  if (view.getUint32(fixedBytes) !== cookie) return fault({ kind: 'no-magic-cookie' })

  const options = new Map<number, Uint8Array>()
  const overruns = collectOptions(bytes, fixedBytes + 4, bytes.length, options)
  if (overruns) return fault(overruns)
  const overload = options.get(option.overload)?.[0] ?? 0
  const fileHasOptions = (overload & 1) !== 0
  const nameHasOptions = (overload & 2) !== 0
  const inFile = fileHasOptions ? collectOptions(bytes, fileAt, fixedBytes, options) : undefined
  const inName = nameHasOptions ? collectOptions(bytes, nameAt, fileAt, options) : undefined
  if (inFile ?? inName) return fault((inFile ?? inName) as Dhcp4Fault)
  options.delete(option.overload)

  return ok({
    op: op === 1 ? 'request' : 'reply',
    hardwareType: view.getUint8(1), hops: view.getUint8(3), xid: view.getUint32(4), secs: view.getUint16(8), flags: view.getUint16(10),
    clientAddress: decodeIpv4(bytes, 12), yourAddress: decodeIpv4(bytes, 16), nextServer: decodeIpv4(bytes, 20), relayAddress: decodeIpv4(bytes, 24),
    hardwareAddress: bytes.slice(28, 28 + hardwareLength),
    serverName: nameHasOptions ? '' : fieldText(bytes.subarray(nameAt, fileAt)),
    bootFile: fileHasOptions ? '' : fieldText(bytes.subarray(fileAt, fixedBytes)),
    options,
  })
}

/**
 * A message as a datagram of at most `maxBytes`, padded to 300 (RFC 1542 §2.1). Options go in their order; where they do not fit, the
 * unused file and sname fields take the rest (option 52). Fault: `message-too-big`.
 */
export function encodeDhcp4(message: DhcpMessage, maxBytes = defaultMaxBytes): Result<Uint8Array, Dhcp4EncodeFault> {
  let size = 0
  for (const [code, value] of message.options) if (code !== option.overload) size += encodedBytes(value)
  if (fixedBytes + 4 + size + 1 <= maxBytes) {
    // From Node's pool: an allocation of its own for each answer costs more than all that is written into it.
    const whole = Buffer.allocUnsafe(Math.max(minimumBytes, fixedBytes + 4 + size + 1)).fill(0)
    writeHeader(message, whole)
    let at = fixedBytes + 4
    for (const [code, value] of message.options) if (code !== option.overload) at = writeOption(whole, at, code, value)
    whole[at] = option.end
    return ok(whole)
  }

  // A long option's pieces may lie in different fields, which a client joins in this order (RFC 3396 §5).
  const encoded = Array.from(message.options).filter(([code]) => code !== option.overload).flatMap(([code, value]) => Array.from({ length: Math.max(1, Math.ceil(value.length / 255)) }, (_, index) => {
    const part = value.subarray(index * 255, (index + 1) * 255)
    const piece = new Uint8Array(encodedBytes(part))
    writeOption(piece, 0, code, part)
    return piece
  }))
  const header = new Uint8Array(fixedBytes + 4)
  writeHeader(message, header)
  const main = new Packer(maxBytes - fixedBytes - 4 - 4)
  const file = new Packer(message.bootFile === '' ? fixedBytes - fileAt - 1 : 0)
  const name = new Packer(message.serverName === '' ? fileAt - nameAt - 1 : 0)
  // Once one option has gone on to the next field, so do all later ones: a client reads options, file, sname in this order.
  const fields = [main, file, name]
  let open = fields
  for (const piece of encoded) {
    const taker = open.findIndex((field) => field.take(piece))
    if (taker < 0) return fault({ kind: 'message-too-big', need: fixedBytes + 4 + size + 1, limit: maxBytes })
    open = open.slice(taker)
  }
  const overload = (file.used > 0 ? 1 : 0) | (name.used > 0 ? 2 : 0)
  if (file.used > 0) header.set([...file.bytes(), option.end], fileAt)
  if (name.used > 0) header.set([...name.bytes(), option.end], nameAt)
  return ok(joinBytes([header, main.bytes(), Uint8Array.of(option.overload, 1, overload, option.end)], minimumBytes))
}

/** The Ethernet address as text, or undefined where the hardware is not Ethernet. */
export function readMac(message: DhcpMessage): string | undefined {
  if (message.hardwareType !== 1 || message.hardwareAddress.length !== 6) return undefined
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = message.hardwareAddress
  return `${hex[a]}:${hex[b]}:${hex[c]}:${hex[d]}:${hex[e]}:${hex[f]}`
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

class Packer {
  private readonly parts: Uint8Array[] = []
  private readonly room: number
  used = 0
  constructor(room: number) { this.room = room }
  take(piece: Uint8Array): boolean {
    if (this.used + piece.length > this.room) return false
    this.parts.push(piece)
    this.used += piece.length
    return true
  }
  bytes(): Uint8Array { return joinBytes(this.parts) }
}

function collectOptions(bytes: Uint8Array, from: number, to: number, into: Map<number, Uint8Array>): Dhcp4Fault | undefined {
  let at = from
  while (at < to) {
    const code = bytes[at] ?? option.end
    if (code === option.end) return undefined
    if (code === option.pad) { at += 1; continue }
    const length = bytes[at + 1]
    if (length === undefined || at + 2 > to || at + 2 + length > to) return { kind: 'option-overruns', option: code, at, need: (length ?? 0) + 2, have: to - at }
    const before = into.get(code)
    const value = bytes.subarray(at + 2, at + 2 + length)
    into.set(code, before ? joinBytes([before, value]) : value)
    at += 2 + length
  }
  return undefined
}

/** An option of more than 255 bytes goes in pieces, an empty one in one. */
const encodedBytes = (value: Uint8Array): number => value.length + 2 * Math.max(1, Math.ceil(value.length / 255))

function writeOption(into: Uint8Array, start: number, code: number, value: Uint8Array): number {
  let at = start
  for (let from = 0; from === 0 || from < value.length; from += 255) {
    const length = Math.min(255, value.length - from)
    into[at] = code
    into[at + 1] = length
    if (length < 16) for (let index = 0; index < length; index += 1) into[at + 2 + index] = value[from + index] ?? 0
    else into.set(value.subarray(from, from + length), at + 2)
    at += 2 + length
  }
  return at
}

function writeHeader(message: DhcpMessage, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength)
  into[0] = message.op === 'request' ? 1 : 2
  into[1] = message.hardwareType
  into[2] = Math.min(16, message.hardwareAddress.length)
  into[3] = message.hops
  view.setUint32(4, message.xid)
  view.setUint16(8, message.secs)
  view.setUint16(10, message.flags)
  writeIpv4(message.clientAddress, into, 12)
  writeIpv4(message.yourAddress, into, 16)
  writeIpv4(message.nextServer, into, 20)
  writeIpv4(message.relayAddress, into, 24)
  into.set(message.hardwareAddress.subarray(0, 16), 28)
  if (message.serverName !== '') into.set(encodeLatin(message.serverName).subarray(0, fileAt - nameAt), nameAt)
  if (message.bootFile !== '') into.set(encodeLatin(message.bootFile).subarray(0, fixedBytes - fileAt), fileAt)
  view.setUint32(fixedBytes, cookie)
}

function joinBytes(parts: readonly Uint8Array[], minimum = 0): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  const joined = new Uint8Array(Math.max(minimum, size))
  let at = 0
  for (const part of parts) { joined.set(part, at); at += part.length }
  return joined
}

function fieldText(field: Uint8Array): string {
  if (field[0] === 0) return ''
  const end = field.indexOf(0)
  return decodeLatin(end < 0 ? field : field.subarray(0, end))
}
