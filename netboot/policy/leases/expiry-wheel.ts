/** What ends when, in seconds: setting and ending cost the same however many there are. */
export class ExpiryWheel {
  private readonly buckets = new Map<number, Set<string>>()
  private readonly seconds = new Map<string, number>()
  private doneSecond = -1

  /** `key` ends at this time, and at no other that was set before. */
  set(key: string, atMs: number): void {
    // What is already past ends at the next look.
    const second = Math.max(Math.floor(atMs / 1000) + 1, this.doneSecond + 1)
    const before = this.seconds.get(key)
    if (before === second) return
    if (before !== undefined) this.dropFrom(before, key)
    this.seconds.set(key, second)
    const bucket = this.buckets.get(second)
    if (bucket) bucket.add(key)
    else this.buckets.set(second, new Set([key]))
  }

  /** All that has ended by now, in the order of the seconds; each is named once. Up to a second late, never early. */
  ended(nowMs: number): string[] {
    const nowSecond = Math.floor(nowMs / 1000)
    if (nowSecond <= this.doneSecond) return []
    const past = nowSecond - this.doneSecond
    const due = past > this.buckets.size ? Array.from(this.buckets.keys()).filter((second) => second <= nowSecond).sort((a, b) => a - b) : Array.from({ length: past }, (_, index) => this.doneSecond + 1 + index)
    this.doneSecond = nowSecond
    return due.flatMap((second) => {
      const keys = Array.from(this.buckets.get(second) ?? [])
      this.buckets.delete(second)
      for (const key of keys) this.seconds.delete(key)
      return keys
    })
  }

  private dropFrom(second: number, key: string): void {
    const bucket = this.buckets.get(second)
    bucket?.delete(key)
    if (bucket?.size === 0) this.buckets.delete(second)
  }
}
