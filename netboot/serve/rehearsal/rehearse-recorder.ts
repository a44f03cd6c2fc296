import type { RecordedFrame } from '../../site.ts'
import { overRing, ringLayout } from '../recorder/ring.ts'
import { chooseFrames } from '../recorder/recorder.ts'
import { composeProbe } from '../wire/server-watch.ts'

const turns = 40
const framesInTurn = 300
const framesInBlock = 75
const spacing = 512
const firstAt = 64
const packetAt = 96
const outgoing = 4
/** A time of our days: numbers that are too large for the engine's small ones are compiled differently. */
const someSecond = 1_790_000_000

/**
 * Records some thousand frames of nobody, for the reason that DHCP is rehearsed: in the second in which all machines ask, the engine would
 * compile the recorder too. Takes a tenth of a second of CPU, in pieces. Resolves to how many frames were chosen; the caller keeps `actors`.
 */
export async function rehearseRecorder(): Promise<{ readonly chosen: number; readonly actors: readonly object[] }> {
  const memory = new ArrayBuffer(ringLayout.blockBytes * ringLayout.blockCount)
  fillRing(memory)
  const status = new Int32Array(memory)
  const ring = overRing(-1, memory, () => undefined)
  const choose = chooseFrames({ macOf: () => null, site: { machine: () => undefined, networks: () => [], reservations: () => [], file: () => undefined, chunkPath: () => undefined, leases: () => [], commitLease: async () => {}, report: () => {} } })
  let chosen = 0
  for (let turn = 0; turn < turns; turn += 1) {
    for (let block = 0; block < ringLayout.blockCount; block += 1) Atomics.store(status, (block * ringLayout.blockBytes + ringLayout.status) / 4, 1)
    const kept: RecordedFrame[] = []
    ring.drain(framesInTurn, (frame) => { const one = choose(frame); if (one) kept.push(one) })
    chosen += kept.length
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  return { chosen, actors: [ring, choose] }
}

/** The kernel's part: in each block DISCOVERs of machines that differ, every other one as if we had sent it. */
function fillRing(memory: ArrayBuffer): void {
  const [view, bytes] = [new DataView(memory), Buffer.from(memory)]
  for (let block = 0; block < ringLayout.blockCount; block += 1) {
    const base = block * ringLayout.blockBytes
    view.setUint32(base + ringLayout.frames, framesInBlock, true)
    view.setUint32(base + ringLayout.first, firstAt, true)
    for (let frame = 0; frame < framesInBlock; frame += 1) {
      const at = base + firstAt + frame * spacing
      const mac = Buffer.of(2, 0, 0, 0, block, frame)
      const whole = Buffer.concat([Buffer.alloc(6, 0xff), mac, Buffer.of(8, 0), composeProbe(mac, frame)])
      view.setUint32(at + ringLayout.next, spacing, true)
      view.setUint32(at + ringLayout.seconds, someSecond + frame, true)
      view.setUint32(at + ringLayout.nanoseconds, frame * 1_000_001, true)
      view.setUint32(at + ringLayout.kept, whole.length, true)
      view.setUint32(at + ringLayout.whole, whole.length, true)
      view.setUint16(at + ringLayout.place, packetAt, true)
      view.setUint8(at + ringLayout.direction, frame % 2 === 0 ? 0 : outgoing)
      bytes.set(whole, at + packetAt)
    }
  }
}
