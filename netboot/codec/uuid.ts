/**
 * The SMBIOS UUID of option 97 in its canonical form: the first three fields come little-endian and are swapped.
 *
 * 17 bytes: type 0, then 16. Null where it is absent, of another type, or a placeholder (all zeros or all ones).
 * Quirk: iPXE prints the canonical form, firmware sends the swapped one; without the swap one machine becomes two (uuid-endianness.pcap).
 *
 * @see RFC 4578 §2.3, SMBIOS 3.6 §7.2.1
 */
export function decodeClientUuid(value: Uint8Array | undefined): string | null {
  if (value?.length !== 17 || value[0] !== 0) return null
  const raw = value.subarray(1)
  return raw.every((byte) => byte === 0) || raw.every((byte) => byte === 0xff) ? null : renderUuid(raw, 'swapped')
}

/** 16 bytes in canonical form. `swapped`: the first three fields are little-endian, as SMBIOS stores them. */
export function renderUuid(bytes: Uint8Array, order: 'swapped' | 'canonical'): string {
  const places = order === 'swapped' ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] : Array.from({ length: 16 }, (_, at) => at)
  const hex = places.map((at) => (bytes[at] ?? 0).toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** A canonical UUID from text in any case, or null: what iPXE puts into its query. Placeholders are null. */
export function parseUuid(text: string): string | null {
  const uuid = text.trim().toLowerCase()
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(uuid)) return null
  return /^[0-]+$/.test(uuid) || /^[f-]+$/.test(uuid) ? null : uuid
}
