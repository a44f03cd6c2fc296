import type { FilterKind } from './filter.ts'

/** Frames a tick: 6,000 a second, so that a storm costs no more than this. What is above waits in the ring. */
export const mostPerTick = 300
/** The share of the ring that a few machines with quick transfers never fill, and a room full of them does within a tick or two. */
const crowdedShare = 1 / 4
/** Five seconds. */
const calmTicks = 100

/** Which filter fits: in a storm the blocks of transfers are left out, before the ring is full and the kernel drops what says more. */
export class RecorderPace {
  filter: FilterKind = 'everything'
  #calm = 0

  /** Takes down how many frames a tick took, and the share of the ring that still waits; true where another `filter` fits from now on. */
  took(frames: number, waitingShare: number): boolean {
    if (this.filter === 'everything') return waitingShare >= crowdedShare && this.#change('noBlocks')
    this.#calm = frames >= mostPerTick / 4 ? 0 : this.#calm + 1
    return this.#calm >= calmTicks && this.#change('everything')
  }

  #change(to: FilterKind): true {
    this.filter = to
    this.#calm = 0
    return true
  }
}
