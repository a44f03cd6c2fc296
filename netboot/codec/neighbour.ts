import type { Mac } from '#contract/mac'
import { macText } from './frame.ts'
import { encodeIpv4 } from './ipv4.ts'

const AF_INET = 2
const RTM_GETNEIGH = 30
const RTM_NEWNEIGH = 28
const NLMSG_ERROR = 2
const NLM_F_REQUEST = 1
const NDA_DST = 1
const NDA_LLADDR = 2
const ENOENT = 2
const headerBytes = 16
const bodyBytes = 12
/** REACHABLE, STALE, DELAY, PROBE, PERMANENT: the kernel was told. INCOMPLETE and FAILED ones have no hardware address that counts. */
const knownStates = 0x02 | 0x04 | 0x08 | 0x10 | 0x80

/** What the kernel says of one neighbour. `none`: it knows of nobody there. `refused`: the errno of a question that it does not take. */
export type NeighbourAnswer = { kind: 'found'; mac: Mac } | { kind: 'none' } | { kind: 'refused'; errno: number }

/**
 * Asks the kernel whom it knows at a dotted address on an interface, without sending anything on the wire.
 * ```
 * nlmsghdr: length 4, type 2, flags 2, sequence 4, sender 4
 * ndmsg:    family 1, padding 3, interface 4, state 2, flags 1, type 1
 * rtattr:   length 2, type 2, value
 * ```
 * Numbers are in the machine's own order, little-endian on all that we run on. @see rtnetlink(7)
 */
export function encodeNeighbourQuery(interfaceIndex: number, address: string, sequence: number): Uint8Array {
  const bytes = new Uint8Array(headerBytes + bodyBytes + 8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length, true)
  view.setUint16(4, RTM_GETNEIGH, true)
  view.setUint16(6, NLM_F_REQUEST, true)
  view.setUint32(8, sequence, true)
  view.setUint8(16, AF_INET)
  view.setInt32(20, interfaceIndex, true)
  view.setUint16(28, 8, true)
  view.setUint16(30, NDA_DST, true)
  bytes.set(encodeIpv4(address), 32)
  return bytes
}

/** The kernel's answer to the question of that number; undefined where it is another's, or cut. Never throws. */
export function decodeNeighbourAnswer(bytes: Uint8Array, sequence: number): NeighbourAnswer | undefined {
  if (bytes.length < headerBytes + 4) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(8, true) !== sequence) return undefined
  const type = view.getUint16(4, true)
  if (type === NLMSG_ERROR) {
    const errno = -view.getInt32(headerBytes, true)
    return errno === ENOENT ? { kind: 'none' } : { kind: 'refused', errno }
  }
  if (type !== RTM_NEWNEIGH || bytes.length < headerBytes + bodyBytes) return undefined
  if ((view.getUint16(24, true) & knownStates) === 0) return { kind: 'none' }
  const end = Math.min(bytes.length, view.getUint32(0, true))
  for (let at = headerBytes + bodyBytes; at + 4 <= end;) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > end) return undefined
    if (view.getUint16(at + 2, true) === NDA_LLADDR) return length === 10 ? { kind: 'found', mac: macText(bytes, at + 4) } : { kind: 'none' }
    at += (length + 3) & ~3
  }
  return { kind: 'none' }
}
