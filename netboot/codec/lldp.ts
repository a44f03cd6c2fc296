import type { LldpNeighbour } from '#contract/inventory'
import { fault, ok, type Result } from '#contract/result'

/** Why a frame is not an LLDP advertisement. */
export type LldpFault =
  | { kind: 'not-hex' }
  | { kind: 'frame-too-short'; have: number }
  | { kind: 'not-lldp'; etherType: number }
  | { kind: 'tlv-overruns'; type: number; at: number; need: number; have: number }

const etherType = 0x88cc
const latin = new TextDecoder('utf-8')

/**
 * The neighbour that an LLDP frame speaks of: switch, port and their names.
 *
 * ```
 * | destination 6 | source 6 | (802.1Q 8100 + tag 4) | 88cc | TLV... |      TLV: type 7 bits, length 9 bits, value
 * ```
 * Fields that the frame does not carry are empty. Faults: `not-hex`, `frame-too-short`, `not-lldp`, `tlv-overruns`.
 *
 * @see IEEE 802.1AB-2016 §8.4 and §8.5
 */
export function decodeLldp(hex: string): Result<LldpNeighbour, LldpFault> {
  const clean = hex.replaceAll(/[\s:]/g, '').toLowerCase()
  if (!/^([0-9a-f]{2})*$/.test(clean) || clean.length > 2 * 9216) return fault({ kind: 'not-hex' })
  const frame = Uint8Array.from(clean.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  if (frame.length < 16) return fault({ kind: 'frame-too-short', have: frame.length })
  const view = new DataView(frame.buffer)
  const tagged = view.getUint16(12) === 0x8100 && frame.length >= 20
  let at = tagged ? 18 : 14
  const type = view.getUint16(at - 2)
  if (type !== etherType) return fault({ kind: 'not-lldp', etherType: type })

  const neighbour = { chassis: '', port: '', systemName: '', portDescription: '' }
  while (at + 2 <= frame.length) {
    const header = view.getUint16(at)
    const tlv = header >> 9
    const length = header & 0x1ff
    if (tlv === 0) break
    const value = frame.subarray(at + 2, at + 2 + length)
    if (value.length < length) return fault({ kind: 'tlv-overruns', type: tlv, at, need: length, have: value.length })
    if (tlv === 1) neighbour.chassis = renderId(value, 4, 5)
    if (tlv === 2) neighbour.port = renderId(value, 3, 4)
    if (tlv === 4) neighbour.portDescription = renderText(value)
    if (tlv === 5) neighbour.systemName = renderText(value)
    at += 2 + length
  }
  return ok(neighbour)
}

/** A chassis or port id: its first byte says whether a MAC, an IPv4 address or text follows. The two number these differently. */
function renderId(value: Uint8Array, macSubtype: number, addressSubtype: number): string {
  const body = value.subarray(1)
  if (value[0] === macSubtype && body.length === 6) return Array.from(body, (byte) => byte.toString(16).padStart(2, '0')).join(':')
  if (value[0] === addressSubtype && body[0] === 1 && body.length === 5) return Array.from(body.subarray(1)).join('.')
  return renderText(body)
}

const renderText = (value: Uint8Array): string => latin.decode(value).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trim().slice(0, 200)
