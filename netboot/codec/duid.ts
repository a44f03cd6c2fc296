/** What a DUID says of the machine that it names. */
export interface DuidFacts {
  /** Of an Ethernet card of the machine, not always of the one that asks; null where the DUID has none. */
  readonly mac: string | null
  /** SMBIOS UUID as its bytes stand, without placeholders; null where the DUID has none. */
  readonly uuidBytes: Uint8Array | null
}

/**
 * A client's identifier, 3 to 130 bytes; undefined for one that is too short or too long.
 * ```
 * LLT  0 1 | hardware type 2 | time 4 | link-layer address
 * EN   0 2 | enterprise 4 | identifier
 * LL   0 3 | hardware type 2 | link-layer address
 * UUID 0 4 | 16 bytes
 * ```
 * @see RFC 8415 §11, RFC 6355
 */
export function readDuid(duid: Uint8Array): DuidFacts | undefined {
  if (duid.length < 3 || duid.length > 130) return undefined
  const type = (duid[0] ?? 0) * 256 + (duid[1] ?? 0)
  const isEthernet = duid[2] === 0 && duid[3] === 1
  if (type === 1 && isEthernet && duid.length === 14) return { mac: renderMac(duid.subarray(8)), uuidBytes: null }
  if (type === 3 && isEthernet && duid.length === 10) return { mac: renderMac(duid.subarray(4)), uuidBytes: null }
  if (type === 4 && duid.length === 18) {
    const uuidBytes = duid.slice(2)
    return { mac: null, uuidBytes: uuidBytes.every((byte) => byte === 0) || uuidBytes.every((byte) => byte === 0xff) ? null : uuidBytes }
  }
  return { mac: null, uuidBytes: null }
}

/** A server's own identifier: of its card, so that it is the same after every start and nothing need be stored. @see RFC 8415 §11.4 */
export const linkLayerDuid = (mac: string): Uint8Array => Uint8Array.of(0, 3, 0, 1, ...mac.split(':').map((pair) => Number.parseInt(pair, 16)))

const renderMac = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
