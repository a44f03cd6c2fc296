import { checksum } from './icmp6-ra.ts'
import { writeIpv4 } from './ipv4.ts'

/**
 * An IPv4 packet with one UDP datagram, for a client that has no address yet and so answers no ARP.
 * At most 1472 bytes of payload fit an Ethernet frame; longer ones are the caller's mistake and throw.
 * @see RFC 791 §3.1, RFC 768
 */
export function encodeIpv4Udp(from: { address: string; port: number }, to: { address: string; port: number }, payload: Uint8Array): Uint8Array {
  if (payload.length > 1472) throw new Error(`a datagram of ${payload.length} bytes does not fit an Ethernet frame`)
  const packet = new Uint8Array(28 + payload.length)
  const view = new DataView(packet.buffer)
  packet.set([0x45, 0x10])
  view.setUint16(2, packet.length)
  packet.set([0x40, 0, 64, 17], 6)
  writeIpv4(from.address, packet, 12)
  writeIpv4(to.address, packet, 16)
  view.setUint16(10, checksum(new Uint8Array(), packet.subarray(0, 20), -20))
  view.setUint16(20, from.port)
  view.setUint16(22, to.port)
  view.setUint16(24, 8 + payload.length)
  packet.set(payload, 28)
  // A sum of 0 is sent as all ones: 0 would mean "no checksum".
  view.setUint16(26, checksum(packet.subarray(12, 20), packet.subarray(20), 17) || 0xffff)
  return packet
}
