/** An IPv6 address in any of its text forms as 16 bytes, or undefined where the text is none. A zone (`%eth0`) is none of it. @see RFC 4291 §2.2 */
export function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > 39 || !/^[0-9a-fA-F:]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  if (groups.flat().some((group) => group.length === 0 || group.length > 4)) return undefined
  const [head = [], tail = []] = groups
  const gap = 8 - head.length - tail.length
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined
  const words = [...head, ...Array.from({ length: gap }, () => '0'), ...tail].map((group) => Number.parseInt(group, 16))
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]))
}

/** 16 bytes as text, in the one form that RFC 5952 recommends; bytes that are not there count as 0. */
export function renderIpv6(bytes: Uint8Array, at = 0): string {
  const words = Array.from({ length: 8 }, (_, index) => (bytes[at + 2 * index] ?? 0) * 256 + (bytes[at + 2 * index + 1] ?? 0))
  let [bestFrom, bestLength] = [0, 1]
  for (let from = 0; from < 8; from += 1) {
    let length = 0
    while (from + length < 8 && words[from + length] === 0) length += 1
    if (length > bestLength) [bestFrom, bestLength] = [from, length]
  }
  const hex = (some: readonly number[]): string => some.map((word) => word.toString(16)).join(':')
  return bestLength < 2 ? hex(words) : `${hex(words.slice(0, bestFrom))}::${hex(words.slice(bestFrom + bestLength))}`
}

/** An address as 16 bytes. Throws where it is none: addresses inside the appliance were checked at its edge. */
export function encodeIpv6(text: string): Uint8Array {
  const bytes = parseIpv6(text)
  if (bytes === undefined) throw new Error(`not an IPv6 address: ${JSON.stringify(text)}`)
  return bytes
}

/** The first 8 bytes of a prefix of 64 bits that machines may be given addresses of (unique local or global unicast), or undefined for anything else. */
export function parsePrefix64(text: string): Uint8Array | undefined {
  const [address = '', bits, more] = text.split('/')
  const bytes = parseIpv6(address)
  if (bytes === undefined || bits !== '64' || more !== undefined || bytes.subarray(8).some((byte) => byte !== 0)) return undefined
  const first = bytes[0] ?? 0
  return (first & 0xfe) === 0xfc || (first & 0xe0) === 0x20 ? bytes.slice(0, 8) : undefined
}

/** Whether an address lies in a prefix of 64 bits. */
export function inPrefix64(prefix: Uint8Array, address: string): boolean {
  const bytes = parseIpv6(address)
  return bytes !== undefined && prefix.every((byte, at) => bytes[at] === byte)
}

/** The hardware address from which a host made this address (EUI-64), or undefined where it made it otherwise. @see RFC 4291 appendix A */
export function macOfEui64(address: string): string | undefined {
  const bytes = parseIpv6(address)
  if (bytes?.[11] !== 0xff || bytes[12] !== 0xfe) return undefined
  const [a = 0, b = 0, c = 0, , , d = 0, e = 0, f = 0] = bytes.subarray(8)
  return [a ^ 2, b, c, d, e, f].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}
