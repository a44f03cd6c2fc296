/** Where router advertisements go: all nodes of the link. */
export const allNodesMac = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1)

/**
 * An IPv6 packet with a router advertisement that says "there is a router, and it is not one for you": lifetime 0.
 *
 * iPXE waits some 13 s for an advertisement before it takes its IPv4 lease for the whole answer; this one ends the wait. Without `prefixes`
 * hosts make no address and no route of it. With them (8 bytes each) it says that addresses of these are on the link and come from DHCPv6,
 * other settings too: flags M and O, and prefixes for no address of a host's own making.
 * ```
 * IPv6 40: 6 | length | next 58 | hops 255 | fe80::EUI-64 of us | ff02::1
 * ICMPv6:  134 | 0 | checksum 2 | hop limit 0 | flags 1 | lifetime 0 | reachable 0 | retransmit 0 | option 1: our MAC
 *          option 3: 3 | 4 | 64 bits | flags 1 | valid 4 | preferred 4 | 0 4 | prefix 16
 * ```
 * @see RFC 4861 §4.2, §4.6.2, RFC 4291 appendix A
 */
export function encodeRouterAdvertisement(mac: string, prefixes: readonly Uint8Array[] = []): Uint8Array {
  const octets = Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16))
  const packet = new Uint8Array(40 + 24 + 32 * prefixes.length)
  const view = new DataView(packet.buffer)
  packet.set([0x60, 0, 0, 0, 0, packet.length - 40, 58, 255])
  packet.set(linkLocalAddress(octets), 8)
  packet.set([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 24)
  packet.set([134, 0, 0, 0, 0, prefixes.length > 0 ? managed | otherSettings : 0], 40)
  packet.set([1, 1, ...octets], 56)
  for (const [index, prefix] of prefixes.entries()) {
    const at = 64 + 32 * index
    packet.set([3, 4, 64, onLink], at)
    view.setUint32(at + 4, prefixSeconds)
    view.setUint32(at + 8, prefixSeconds)
    packet.set(prefix, at + 16)
  }
  view.setUint16(42, checksum(packet.subarray(8, 40), packet.subarray(40), 58))
  return packet
}

const [managed, otherSettings, onLink] = [0x80, 0x40, 0x80]
const prefixSeconds = 86_400

/** The Internet checksum over the pseudo header (both addresses), the length, the protocol and the payload. @see RFC 1071, RFC 8200 §8.1 */
export function checksum(addresses: Uint8Array, payload: Uint8Array, protocol: number): number {
  let sum = payload.length + protocol
  sum += sumOf(addresses) + sumOf(payload)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65536)
  return ~sum & 0xffff
}

/** As pairs of bytes, an odd last one followed by a 0. */
function sumOf(bytes: Uint8Array): number {
  const even = bytes.length & ~1
  let sum = 0
  for (let at = 0; at < even; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  return even === bytes.length ? sum : sum + ((bytes[even] ?? 0) << 8)
}

function linkLocalAddress(mac: Uint8Array): Uint8Array {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f)
}
