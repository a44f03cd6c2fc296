import { decodeFrame } from '#netboot/codec/frame'
import { decodePcap } from '#netboot/codec/pcap'

/** One UDP datagram of a capture. `at` is seconds since the first packet. */
export interface CapturedDatagram {
  at: number
  from: { address: string; port: number }
  to: { address: string; port: number }
  payload: Uint8Array
}

/** The UDP datagrams over IPv4 of a classic pcap file with Ethernet frames; everything else is left out. Throws on another format. */
export function readPcap(file: Uint8Array): CapturedDatagram[] {
  const decoded = decodePcap(file)
  if (!decoded.ok) throw new Error(`not a capture of Ethernet frames: ${decoded.fault.kind}`)
  const [first] = decoded.value.frames
  return decoded.value.frames.flatMap(({ atMs, bytes }) => {
    const content = decodeFrame(bytes)?.content
    return content?.kind === 'udp' ? [{ at: (atMs - (first?.atMs ?? atMs)) / 1000, from: content.from, to: content.to, payload: content.payload.slice() }] : []
  })
}
