import { checksum } from './icmp6-ra.ts'
import { writeIpv4 } from './ipv4.ts'

/**
 * An IPv4 packet with one UDP datagram, for a client that has no address yet and so answers no ARP.
 * At most 1472 bytes of payload fit an Ethernet frame; longer ones are the caller's mistake and throw.
 * @see RFC 791 §3.1, RFC 768
 */
export function encodeIpv4Udp(from: { address: string; port: number }, to: { address: string; port: number }, payload: Uint8Array): Uint8Array {
  if (payload.length > 1472) throw new Error(`a datagram of ${payload.length} bytes does not fit an Ethernet frame`)
  const packet = Buffer.allocUnsafe(28 + payload.length)
  packet.fill(0, 0, 28)
  packet[0] = 0x45
  packet[1] = 0x10
  packet.writeUInt16BE(packet.length, 2)
  packet[6] = 0x40
  packet[8] = 64
  packet[9] = 17
  writeIpv4(from.address, packet, 12)
  writeIpv4(to.address, packet, 16)
  packet.writeUInt16BE(checksum(nothing, packet.subarray(0, 20), -20), 10)
  packet.writeUInt16BE(from.port, 20)
  packet.writeUInt16BE(to.port, 22)
  packet.writeUInt16BE(8 + payload.length, 24)
  packet.set(payload, 28)
  // A sum of 0 is sent as all ones: 0 would mean "no checksum".
  packet.writeUInt16BE(checksum(packet.subarray(12, 20), packet.subarray(20), 17) || 0xffff, 26)
  return packet
}

const nothing = new Uint8Array()
