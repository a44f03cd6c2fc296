/**
 * Bytes as TFTP's text mode sends them: LF becomes CR LF, CR becomes CR NUL. The client turns both back, so that a binary file survives too.
 * Up to twice as long as what goes in. @see RFC 1350 §1 and RFC 764's NVT
 */
export function encodeNetascii(bytes: Uint8Array): Uint8Array {
  let more = 0
  for (const byte of bytes) if (byte === 0x0a || byte === 0x0d) more += 1
  const text = new Uint8Array(bytes.length + more)
  let at = 0
  for (const byte of bytes) {
    if (byte === 0x0a) { text[at] = 0x0d; text[at + 1] = 0x0a; at += 2 }
    else if (byte === 0x0d) { text[at] = 0x0d; text[at + 1] = 0; at += 2 }
    else { text[at] = byte; at += 1 }
  }
  return text
}
