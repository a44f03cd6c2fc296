/** An IPv4 address as a 32-bit unsigned number, or undefined where the text is not four decimal octets. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  const octets = match.slice(1).map(Number)
  if (octets.some((octet) => octet > 255)) return undefined
  return octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

/** A 32-bit unsigned number as a dotted address. */
export const renderIpv4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.')

/** Four bytes as a dotted address. */
export const decodeIpv4 = (bytes: Uint8Array): string => Array.from(bytes.subarray(0, 4)).join('.')

/** A dotted address as four bytes. Throws where it is none: addresses inside the appliance were checked at its edge. */
export function encodeIpv4(text: string): Uint8Array {
  const value = parseIpv4(text)
  if (value === undefined) throw new Error(`not an IPv4 address: ${JSON.stringify(text)}`)
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

/** A network: its first and last address and its mask, as numbers. */
export interface Ipv4Network {
  readonly first: number
  readonly last: number
  readonly mask: number
}

/** The network of `10.77.0.0/24` (bits of the host part are ignored), or undefined for anything else. */
export function parseCidr(text: string): Ipv4Network | undefined {
  const [address = '', bits = ''] = text.split('/')
  const value = parseIpv4(address)
  if (value === undefined || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined
  const mask = Number(bits) === 0 ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0
  const first = (value & mask) >>> 0
  return { first, last: (first | ~mask) >>> 0, mask }
}

/** Whether a dotted address lies in the network. */
export function contains(network: Ipv4Network, address: string): boolean {
  const value = parseIpv4(address)
  return value !== undefined && value >= network.first && value <= network.last
}
