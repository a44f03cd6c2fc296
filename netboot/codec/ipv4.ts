/** An IPv4 address as a 32-bit unsigned number, or undefined where the text is not four decimal octets. */
export function parseIpv4(text: string): number | undefined {
  let [value, octet, digits, dots] = [0, 0, 0, 0]
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) {
      octet = octet * 10 + code - 48
      digits += 1
      if (digits > 3 || octet > 255) return undefined
    } else if (code === 46 && digits > 0 && dots < 3) {
      value = value * 256 + octet
      octet = 0
      digits = 0
      dots += 1
    } else return undefined
  }
  return dots === 3 && digits > 0 ? value * 256 + octet : undefined
}

/** A 32-bit unsigned number as a dotted address. */
export const renderIpv4 = (value: number): string => `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`

/** Four bytes as a dotted address; bytes that are not there count as 0. */
export const decodeIpv4 = (bytes: Uint8Array, at = 0): string => `${bytes[at] ?? 0}.${bytes[at + 1] ?? 0}.${bytes[at + 2] ?? 0}.${bytes[at + 3] ?? 0}`

/** Writes a dotted address as four bytes. Throws where it is none: addresses inside the appliance were checked at its edge. */
export function writeIpv4(text: string, into: Uint8Array, at: number): void {
  const value = parseIpv4(text)
  if (value === undefined) throw new Error(`not an IPv4 address: ${JSON.stringify(text)}`)
  into[at] = value >>> 24
  into[at + 1] = (value >>> 16) & 0xff
  into[at + 2] = (value >>> 8) & 0xff
  into[at + 3] = value & 0xff
}

/** A dotted address as four bytes. Throws where it is none. */
export function encodeIpv4(text: string): Uint8Array {
  const bytes = new Uint8Array(4)
  writeIpv4(text, bytes, 0)
  return bytes
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
