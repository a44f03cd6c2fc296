import { fault, ok, type Result } from '#contract/result'

/** One frame of a capture. `bytes` may be the first part only; `wholeBytes` is how long the frame was on the wire. */
export interface CapturedFrame {
  /** Milliseconds since 1970, with the fraction that the file holds. */
  readonly atMs: number
  readonly bytes: Uint8Array
  readonly wholeBytes: number
}

/** Why a file is no capture that is understood here. */
export type PcapFault = { kind: 'not-pcap' } | { kind: 'not-ethernet'; linkType: number }

/** Length of a file's header, and of the header before each frame, in bytes. */
export const pcapFileHeaderBytes = 24
const pcapFrameHeaderBytes = 16

const microsecondMagic = 0xa1b2c3d4
const nanosecondMagic = 0xa1b23c4d
const ethernet = 1
/** The longest frame that is believed: a longer one means that the file is broken there. */
const longestFrame = 0x40000

/** The header of a capture of Ethernet frames with microseconds, little-endian. @see draft-ietf-opsawg-pcap §4 */
export function encodePcapHeader(): Uint8Array {
  const bytes = new Uint8Array(pcapFileHeaderBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, microsecondMagic, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, longestFrame, true)
  view.setUint32(20, ethernet, true)
  return bytes
}

/** One frame as a capture holds it. @see draft-ietf-opsawg-pcap §5 */
export function encodePcapFrame(frame: CapturedFrame): Uint8Array {
  const bytes = new Uint8Array(pcapFrameHeaderBytes + frame.bytes.length)
  const view = new DataView(bytes.buffer)
  const seconds = Math.floor(frame.atMs / 1000)
  view.setUint32(0, seconds, true)
  view.setUint32(4, Math.min(999_999, Math.max(0, Math.round((frame.atMs - seconds * 1000) * 1000))), true)
  view.setUint32(8, frame.bytes.length, true)
  view.setUint32(12, frame.wholeBytes, true)
  bytes.set(frame.bytes, pcapFrameHeaderBytes)
  return bytes
}

/**
 * The frames of a capture, oldest first, and how many bytes of the file they fill: a half-written frame at its end (a killed process) is
 * left out. Both byte orders, microseconds and nanoseconds. The frames are views. Faults: `not-pcap`, `not-ethernet`.
 */
export function decodePcap(file: Uint8Array): Result<{ frames: CapturedFrame[]; wholeBytes: number }, PcapFault> {
  if (file.length < pcapFileHeaderBytes) return fault({ kind: 'not-pcap' })
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const little = [microsecondMagic, nanosecondMagic].includes(view.getUint32(0, true))
  const magic = view.getUint32(0, little)
  if (magic !== microsecondMagic && magic !== nanosecondMagic) return fault({ kind: 'not-pcap' })
  const linkType = view.getUint32(20, little) & 0xffff
  if (linkType !== ethernet) return fault({ kind: 'not-ethernet', linkType })
  const perMillisecond = magic === nanosecondMagic ? 1e6 : 1e3
  const frames: CapturedFrame[] = []
  let at = pcapFileHeaderBytes
  while (at + pcapFrameHeaderBytes <= file.length) {
    const kept = view.getUint32(at + 8, little)
    const end = at + pcapFrameHeaderBytes + kept
    if (kept > longestFrame || end > file.length) break
    frames.push({ atMs: view.getUint32(at, little) * 1000 + view.getUint32(at + 4, little) / perMillisecond, bytes: file.subarray(at + pcapFrameHeaderBytes, end), wholeBytes: view.getUint32(at + 12, little) })
    at = end
  }
  return ok({ frames, wholeBytes: at })
}
