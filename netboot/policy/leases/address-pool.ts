/**
 * The free addresses of a network, as numbers from 0 to `size` - 1. Every operation takes the same time, however many there are.
 *
 * INVARIANTS: `order` is a permutation; its first `probed` entries are free and found silent on the wire, those up to `free` are free and not
 * looked at, the rest are taken. `places` is its inverse.
 */
export class AddressPool {
  private readonly order: Int32Array
  private readonly places: Int32Array
  private probed = 0
  private free: number

  /** All are free and none is probed. */
  constructor(size: number) {
    this.order = Int32Array.from({ length: size }, (_, index) => index)
    this.places = this.order.slice()
    this.free = size
  }

  /** How many are free. */
  get freeCount(): number { return this.free }
  /** How many of the free ones were found silent. */
  get probedCount(): number { return this.probed }

  /** Whether it is free. */
  isFree(index: number): boolean { return this.placeOf(index) < this.free }

  /** One that is free, following from `seed`: a probed one where there is any. Undefined where none is free. It stays free. */
  pick(seed: number): number | undefined {
    if (this.free === 0) return undefined
    return this.order[this.probed > 0 ? seed % this.probed : seed % this.free]
  }

  /** One that is free and not probed. It stays so. */
  pickUnprobed(seed: number): number | undefined {
    return this.free === this.probed ? undefined : this.order[this.probed + (seed % (this.free - this.probed))]
  }

  /** It is free no more. */
  take(index: number): void {
    if (!this.isFree(index)) return
    this.unprobe(index)
    this.swap(this.placeOf(index), this.free - 1)
    this.free -= 1
  }

  /** It is free again, and not probed. */
  giveBack(index: number): void {
    if (this.isFree(index)) return
    this.swap(this.placeOf(index), this.free)
    this.free += 1
  }

  /** It was found silent. */
  markProbed(index: number): void {
    const place = this.placeOf(index)
    if (place >= this.free || place < this.probed) return
    this.swap(place, this.probed)
    this.probed += 1
  }

  /** What was found silent before is to be looked at again. */
  unprobe(index: number): void {
    const place = this.placeOf(index)
    if (place >= this.probed) return
    this.swap(place, this.probed - 1)
    this.probed -= 1
  }

  /** All are to be looked at again. */
  unprobeAll(): void { this.probed = 0 }

  private placeOf(index: number): number { return this.places[index] ?? Number.MAX_SAFE_INTEGER }

  private swap(a: number, b: number): void {
    const [inA = 0, inB = 0] = [this.order[a], this.order[b]]
    this.order[a] = inB
    this.order[b] = inA
    this.places[inB] = a
    this.places[inA] = b
  }
}
