import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readPackets } from '#control/blackbox/read-packets'
import { splitSessions, type Session } from '#control/blackbox/sessions'
import { decodeDhcp4, readMac } from '#netboot/codec/dhcp4'
import { decodeFrame, type Frame } from '#netboot/codec/frame'
import { decodePcap, type CapturedFrame } from '#netboot/codec/pcap'

/** The captures of test/fixtures by name, without `.pcap`. */
export const captureFile = (name: string): string => path.join(import.meta.dirname, '../fixtures/captures', `${name}.pcap`)

/** The boots in a capture, of each machine that asks in it: the frames are given to whom the recorder would give them. */
export function storyOf(name: string): { mac: string; sessions: Session[]; endMs: number }[] {
  const decoded = decodePcap(readFileSync(captureFile(name)))
  if (!decoded.ok) throw new Error(`${name}: ${decoded.fault.kind}`)
  const frames = decoded.value.frames.map((captured) => ({ captured, frame: decodeFrame(captured.bytes) }))
  const macs = new Set(frames.flatMap(({ frame }) => (frame === undefined ? [] : askerOf(frame) ?? [])))
  return [...macs].map((mac) => {
    const own: CapturedFrame[] = frames.flatMap(({ captured, frame }) => (frame !== undefined && (frame.from === mac || frame.to === mac || askerOf(frame) === mac) ? [captured] : []))
    return { mac, sessions: splitSessions(readPackets(own, mac), mac), endMs: own.at(-1)?.atMs ?? 0 }
  })
}

function askerOf({ content }: Frame): string | undefined {
  if (content.kind !== 'udp' || ![67, 68, 4011].includes(content.to.port)) return undefined
  const message = decodeDhcp4(content.payload)
  return message.ok ? readMac(message.value) : undefined
}
