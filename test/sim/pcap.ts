/** One UDP datagram of a capture. `at` is seconds since the first packet. */
export interface CapturedDatagram {
  at: number
  from: { address: string; port: number }
  to: { address: string; port: number }
  payload: Uint8Array
}

/** The whole UDP datagrams over IPv4 of a classic pcap file with Ethernet frames; everything else is left out. Throws on another format. */
export function readPcap(file: Uint8Array): CapturedDatagram[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const magic = view.getUint32(0)
  const little = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1
  if (!little && magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) throw new Error('not a pcap file')
  if ((view.getUint32(20, little) & 0xffff) !== 1) throw new Error('not a capture of Ethernet frames')
  const fraction = magic === 0xa1b23c4d || magic === 0x4d3cb2a1 ? 1e9 : 1e6
  const found: CapturedDatagram[] = []
  let start: number | undefined
  for (let at = 24; at + 16 <= file.length;) {
    const time = view.getUint32(at, little) + view.getUint32(at + 4, little) / fraction
    const size = view.getUint32(at + 8, little)
    start ??= time
    const datagram = readUdp(file.subarray(at + 16, at + 16 + size))
    if (datagram) found.push({ at: time - start, ...datagram })
    at += 16 + size
  }
  return found
}

function readUdp(frame: Uint8Array): Omit<CapturedDatagram, 'at'> | undefined {
  if (frame.length < 42 || frame[12] !== 8 || frame[13] !== 0 || frame[23] !== 17) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const udp = 14 + (view.getUint8(14) & 15) * 4
  if ((view.getUint16(20) & 0x3fff) !== 0 || udp + 8 > frame.length) return undefined
  const address = (offset: number): string => Array.from(frame.subarray(offset, offset + 4)).join('.')
  return {
    from: { address: address(26), port: view.getUint16(udp) },
    to: { address: address(30), port: view.getUint16(udp + 2) },
    payload: frame.slice(udp + 8, udp + view.getUint16(udp + 4)),
  }
}
