/** Bytes as text, one character each: unlike TextDecoder's `latin1` (which is windows-1252), it loses nothing. */
export function decodeLatin(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Text as bytes, one each; characters beyond 255 become `?`. */
export function encodeLatin(text: string): Uint8Array {
  const bytes: number[] = []
  for (const char of text) { const point = char.codePointAt(0) ?? 63; bytes.push(point > 255 ? 63 : point) }
  return Uint8Array.from(bytes)
}

/** The same bytes without Buffer's own methods: `slice` of a Buffer shares memory, that of a Uint8Array copies. */
export const plainBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
