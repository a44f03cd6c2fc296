/** Bytes as text, one character each: unlike TextDecoder's `latin1` (which is windows-1252), it loses nothing. */
export const decodeLatin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCodePoint(byte)).join('')

/** Text as bytes, one each; characters beyond 255 become `?`. */
export const encodeLatin = (text: string): Uint8Array => Uint8Array.from(Array.from(text, (char) => { const point = char.codePointAt(0) ?? 63; return point > 255 ? 63 : point }))

/** The same bytes without Buffer's own methods: `slice` of a Buffer shares memory, that of a Uint8Array copies. */
export const plainBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
