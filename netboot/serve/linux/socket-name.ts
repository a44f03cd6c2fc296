import { encodeIpv6, renderIpv6 } from '../../codec/ipv6.ts'
import { decodeIpv4, writeIpv4 } from '../../codec/ipv4.ts'

// Linux on all machines agrees on these.
export const AF_INET = 2
export const AF_INET6 = 10

/** The longer of the two below. */
export const socketNameBytes = 28

/** The family of an address, by its text form. */
export const familyOf = (address: string): typeof AF_INET | typeof AF_INET6 => (address.includes(':') ? AF_INET6 : AF_INET)

/**
 * An address and port as the kernel takes them. Throws where the address is none.
 * ```
 * sockaddr_in:  family 2, port 2 (network order), address 4, nothing 8
 * sockaddr_in6: family 2, port 2 (network order), flow 4, address 16, scope 4
 * ```
 * The scope is left 0: our sockets are bound to their interface, which then is the scope of link-local addresses.
 */
export function socketName(address: string, port: number): Buffer {
  const family = familyOf(address)
  const bytes = Buffer.alloc(family === AF_INET ? 16 : socketNameBytes)
  bytes.writeUInt16LE(family, 0)
  bytes.writeUInt16BE(port, 2)
  if (family === AF_INET) writeIpv4(address, bytes, 4)
  else bytes.set(encodeIpv6(address), 8)
  return bytes
}

/** The same back, of what the kernel wrote at some place. */
export function readSocketName(bytes: Uint8Array, at = 0): { address: string; port: number } {
  const port = (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0)
  return { address: bytes[at] === AF_INET6 ? renderIpv6(bytes, at + 8) : decodeIpv4(bytes, at + 4), port }
}
