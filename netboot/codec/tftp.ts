import { fault, ok, type Result } from '#contract/result'
import { decodeLatin, encodeLatin, plainBytes } from './latin.ts'

/** One TFTP packet. Option names are lower case; their values are text as sent. */
export type TftpPacket =
  | { kind: 'read' | 'write'; file: string; mode: string; options: ReadonlyMap<string, string> }
  | { kind: 'data'; block: number; bytes: Uint8Array }
  | { kind: 'ack'; block: number }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'optionAck'; options: ReadonlyMap<string, string> }

/** Why bytes are not a TFTP packet. */
export type TftpFault =
  | { kind: 'too-short'; have: number; need: number }
  | { kind: 'unknown-opcode'; opcode: number }
  | { kind: 'text-unended'; at: number }
  | { kind: 'too-long'; have: number; limit: number }

/** Error codes. @see RFC 1350 appendix, RFC 2347 */
export const tftpError = { undefined: 0, notFound: 1, accessViolation: 2, diskFull: 3, illegal: 4, unknownTransfer: 5, exists: 6, noUser: 7, optionRefused: 8 } as const

const requestLimit = 512

/**
 * A datagram of a TFTP client as a packet.
 *
 * ```
 * 1 RRQ, 2 WRQ   | opcode 2 | file 0 | mode 0 | option 0 | value 0 ...      at most 512 bytes (RFC 2347)
 * 3 DATA         | opcode 2 | block 2 | bytes
 * 4 ACK          | opcode 2 | block 2 |
 * 5 ERROR        | opcode 2 | code 2 | message 0
 * 6 OACK         | opcode 2 | option 0 | value 0 ...
 * ```
 * An option that repeats counts once, the first time. An ERROR's message may lack its end. Never throws.
 * Faults: `too-short`, `unknown-opcode`, `text-unended`, `too-long`.
 *
 * @see RFC 1350 §5, RFC 2347
 */
export function decodeTftp(datagram: Uint8Array): Result<TftpPacket, TftpFault> {
  const bytes = plainBytes(datagram)
  if (bytes.length < 4) return fault({ kind: 'too-short', have: bytes.length, need: 4 })
  const opcode = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)
  const number = (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0)
  switch (opcode) {
    case 1:
    case 2: {
      if (bytes.length > requestLimit) return fault({ kind: 'too-long', have: bytes.length, limit: requestLimit })
      const texts = splitTexts(bytes, 2)
      if (!texts.ok) return texts
      const [file, mode, ...rest] = texts.value
      if (file === undefined || mode === undefined) return fault({ kind: 'too-short', have: bytes.length, need: bytes.length + 2 })
      return ok({ kind: opcode === 1 ? 'read' : 'write', file, mode: mode.toLowerCase(), options: pairOptions(rest) })
    }
    case 3: return ok({ kind: 'data', block: number, bytes: bytes.slice(4) })
    case 4: return ok({ kind: 'ack', block: number })
    case 5: {
      const end = bytes.indexOf(0, 4)
      return ok({ kind: 'error', code: number, message: decodeLatin(bytes.subarray(4, end < 0 ? bytes.length : end)).slice(0, 255) })
    }
    case 6: {
      if (bytes.length > requestLimit) return fault({ kind: 'too-long', have: bytes.length, limit: requestLimit })
      const texts = splitTexts(bytes, 2)
      return texts.ok ? ok({ kind: 'optionAck', options: pairOptions(texts.value) }) : texts
    }
    default: return fault({ kind: 'unknown-opcode', opcode })
  }
}

/** A packet as a datagram. */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case 'read': return Uint8Array.from([0, 1, ...textBytes(packet.file), ...textBytes(packet.mode), ...optionBytes(packet.options)])
    case 'write': return Uint8Array.from([0, 2, ...textBytes(packet.file), ...textBytes(packet.mode), ...optionBytes(packet.options)])
    case 'data': {
      const datagram = new Uint8Array(4 + packet.bytes.length)
      datagram.set([0, 3, (packet.block >> 8) & 0xff, packet.block & 0xff])
      datagram.set(packet.bytes, 4)
      return datagram
    }
    case 'ack': return Uint8Array.of(0, 4, (packet.block >> 8) & 0xff, packet.block & 0xff)
    case 'error': return Uint8Array.from([0, 5, (packet.code >> 8) & 0xff, packet.code & 0xff, ...textBytes(packet.message)])
    case 'optionAck': return Uint8Array.from([0, 6, ...optionBytes(packet.options)])
  }
}

function splitTexts(bytes: Uint8Array, from: number): Result<string[], TftpFault> {
  const texts: string[] = []
  let at = from
  while (at < bytes.length) {
    const end = bytes.indexOf(0, at)
    if (end < 0) return fault({ kind: 'text-unended', at })
    texts.push(decodeLatin(bytes.subarray(at, end)))
    at = end + 1
  }
  return ok(texts)
}

function pairOptions(texts: readonly string[]): Map<string, string> {
  const options = new Map<string, string>()
  for (let at = 0; at + 1 < texts.length; at += 2) {
    const name = (texts[at] ?? '').toLowerCase()
    if (name !== '' && !options.has(name)) options.set(name, texts[at + 1] ?? '')
  }
  return options
}

const textBytes = (text: string): number[] => [...encodeLatin(text), 0]
const optionBytes = (options: ReadonlyMap<string, string>): number[] => Array.from(options, ([name, value]) => [...textBytes(name), ...textBytes(value)]).flat()
