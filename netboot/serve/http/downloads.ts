import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Mac } from '#contract/mac'
import { DownloadQueue } from '../../policy/transfers/download-queue.ts'
import type { TransferView } from '../../site.ts'
import type { MovedFile } from './file-mover-thread.ts'
import { sendText } from './http-file.ts'

/** How many machines download their image at once: more would only make all of them slower. */
export const defaultDownloadLimit = 50
/**
 * A request is held this long for its turn, then told to come back. Curl gives up on a silent connection after the ramdisk's 20 s, and
 * obeys Retry-After.
 */
const heldMs = 10_000
const retrySeconds = 3
const sampleMs = 1000

/** Who downloads what over HTTP now, and who waits. */
export interface Downloads {
  /** Lets one request for a part of an image go on, at once or when its turn comes. Resolves to false where it was told to come back, or has gone. */
  admit(req: IncomingMessage, res: ServerResponse, address: string): Promise<boolean>
  /** The request that was admitted has ended. */
  leave(address: string): void
  /** A file is on its way. */
  began(address: string, file: string, length: number, moved: MovedFile | undefined): { ended(sentBytes: number): void }
  view(): TransferView[]
  close(): void
}

interface Under { readonly address: string; readonly file: string; readonly length: number; readonly startedAtMs: number; readonly moved: MovedFile | undefined }
interface Held { readonly address: string; readonly untilMs: number; readonly answer: (mayGo: boolean, position: number) => void }

/** Starts watching downloads. */
export function watchDownloads(limit: number, macOf: (address: string) => Mac | null, now: () => number): Downloads {
  const queue = new DownloadQueue(limit)
  const held = new Set<Held>()
  const under = new Set<Under>()
  /** Bytes that each machine has got so far, and its rate over the last second or two. */
  const meters = new Map<string, { bytes: number; before: number; bytesPerSecond: number; quietTurns: number }>()

  const admitHeld = (): void => {
    for (const one of Array.from(held)) {
      const position = queue.enter(one.address, now())
      if (position === 0 || now() >= one.untilMs) { held.delete(one); one.answer(position === 0, position) }
    }
  }
  const sample = (): void => {
    const totals = new Map<string, number>()
    for (const one of under) totals.set(one.address, (totals.get(one.address) ?? 0) + (one.moved?.sentBytes() ?? 0))
    for (const [address, meter] of meters) {
      const total = meter.bytes + (totals.get(address) ?? 0)
      const fresh = ((total - meter.before) / sampleMs) * 1000
      meter.bytesPerSecond = Math.round(meter.bytesPerSecond === 0 ? fresh : (meter.bytesPerSecond + fresh) / 2)
      meter.before = total
      meter.quietTurns = fresh > 0 || totals.has(address) ? 0 : meter.quietTurns + 1
      if (meter.quietTurns > 10) meters.delete(address)
    }
  }
  const timer = setInterval(() => { admitHeld(); sample() }, sampleMs).unref()
  return {
    admit(req, res, address) {
      const position = queue.enter(address, now())
      if (position === 0) return Promise.resolve(true)
      return new Promise((resolve) => {
        const one: Held = {
          address, untilMs: now() + heldMs,
          answer(mayGo, place) {
            res.off('close', gone)
            if (!mayGo) {
              res.setHeader('retry-after', String(retrySeconds))
              sendText(res, 503, `Too many machines download at once: this one is number ${place} in the queue.`)
            }
            resolve(mayGo)
          },
        }
        const gone = (): void => { held.delete(one); resolve(false) }
        res.once('close', gone)
        held.add(one)
      })
    },
    leave(address) {
      queue.leave(address, now())
      admitHeld()
    },
    began(address, file, length, moved) {
      const one: Under = { address, file, length, startedAtMs: now(), moved }
      under.add(one)
      if (!meters.has(address)) meters.set(address, { bytes: 0, before: 0, bytesPerSecond: 0, quietTurns: 0 })
      return {
        ended(sentBytes) {
          under.delete(one)
          const meter = meters.get(address)
          if (meter) meter.bytes += sentBytes
        },
      }
    },
    view() {
      const rate = (address: string): number => meters.get(address)?.bytesPerSecond ?? 0
      const moving = Array.from(under, (one): TransferView => ({
        kind: 'http', mac: macOf(one.address), address: one.address, file: one.file, sizeBytes: one.length, sentBytes: one.moved?.sentBytes() ?? 0, startedAtMs: one.startedAtMs, bytesPerSecond: rate(one.address), position: 0,
      }))
      const busy = new Set(moving.map(({ address }) => address))
      // Between two chunks a machine writes: it is still at its download.
      const others = queue.view(now()).filter(({ key }) => !busy.has(key)).map(({ key, position }): TransferView => ({
        kind: 'http', mac: macOf(key), address: key, file: 'image', sizeBytes: 0, sentBytes: 0, startedAtMs: null, bytesPerSecond: rate(key), position,
      }))
      return [...moving, ...others]
    },
    close() { clearInterval(timer); for (const one of held) one.answer(false, 0) },
  }
}
