import { writeIpv4 } from './ipv4.ts'

/**
 * The question "who has this address?" of somebody who has none himself, so that nobody takes note of it. 28 bytes.
 * ```
 * 0 hardware 1 | protocol 0800 | 6 | 4 | operation 1     8 our MAC, 0.0.0.0     18 nobody, the address
 * ```
 * @see RFC 5227 §2.1.1, RFC 826
 */
export function encodeArpProbe(mac: Uint8Array, address: string): Uint8Array {
  const packet = new Uint8Array(28)
  packet.set([0, 1, 8, 0, 6, 4, 0, 1])
  packet.set(mac.subarray(0, 6), 8)
  writeIpv4(address, packet, 24)
  return packet
}
