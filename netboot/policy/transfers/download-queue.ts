/** A machine that downloads an image, or waits to. */
export interface QueueEntry {
  readonly key: string
  /** 0 for one that downloads, else its place in the queue, 1 first. */
  readonly position: number
}

/** Between two chunks of its image a machine writes; it keeps its place that long. */
const keptMs = 10_000
/** One that was told to come back, and did not, has lost its place. */
const missedMs = 45_000
const waitingLimit = 4096
const sweepMs = 500

/**
 * Which machines may download an image now: `limit` at once, the others in the order in which they first asked. A machine asks for chunk
 * after chunk, so its place is its own for some seconds after each.
 *
 * INVARIANTS: nobody overtakes; at most `limit` machines are active and 4096 wait; who does not come back is forgotten.
 */
export class DownloadQueue {
  private readonly limit: number
  private readonly active = new Map<string, { requests: number; leftAtMs: number }>()
  private readonly waiting = new Map<string, { seenAtMs: number; ticket: number }>()
  private nextTicket = 1
  private sweptAtMs = Number.NEGATIVE_INFINITY

  constructor(limit: number) {
    this.limit = limit
  }

  /** One request of a machine: 0 where it may go on, and then it must `leave`; else its place in the queue, or a little more where some before it have gone. */
  enter(key: string, nowMs: number): number {
    this.forget(nowMs)
    const mine = this.active.get(key)
    if (mine) { mine.requests += 1; return 0 }
    if (this.isNext(key)) {
      this.waiting.delete(key)
      this.active.set(key, { requests: 1, leftAtMs: nowMs })
      return 0
    }
    const place = this.waiting.get(key) ?? { seenAtMs: nowMs, ticket: this.nextTicket }
    place.seenAtMs = nowMs
    if (!this.waiting.has(key) && this.waiting.size < waitingLimit) { this.waiting.set(key, place); this.nextTicket += 1 }
    const [first = place] = this.waiting.values()
    return place.ticket - first.ticket + 1
  }

  /** The request has ended. */
  leave(key: string, nowMs: number): void {
    const mine = this.active.get(key)
    if (!mine) return
    mine.requests -= 1
    mine.leftAtMs = nowMs
  }

  /** All machines, those that download first. */
  view(nowMs: number): QueueEntry[] {
    this.forget(nowMs)
    return [...Array.from(this.active.keys(), (key) => ({ key, position: 0 })), ...Array.from(this.waiting.keys(), (key, index) => ({ key, position: index + 1 }))]
  }

  /** Whether a free place is this machine's: those who waited longer come first. Looks at no more of the queue than there are places. */
  private isNext(key: string): boolean {
    let free = this.limit - this.active.size
    for (const other of this.waiting.keys()) {
      if (free <= 0 || other === key) break
      free -= 1
    }
    return free > 0
  }

  private forget(nowMs: number): void {
    if (nowMs - this.sweptAtMs < sweepMs) return
    this.sweptAtMs = nowMs
    for (const [key, { requests, leftAtMs }] of this.active) if (requests <= 0 && nowMs - leftAtMs > keptMs) this.active.delete(key)
    for (const [key, { seenAtMs }] of this.waiting) if (nowMs - seenAtMs > missedMs) this.waiting.delete(key)
  }
}
