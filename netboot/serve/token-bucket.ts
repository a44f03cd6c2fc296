/** How much of something may come from each of many senders: `perSecond`, with bursts of `burst`. Remembers at most `keys` senders. */
export class TokenBuckets {
  private readonly buckets = new Map<string, { tokens: number; atMs: number }>()
  private readonly perSecond: number
  private readonly burst: number
  private readonly keys: number

  constructor(perSecond: number, burst: number, keys: number) {
    this.perSecond = perSecond
    this.burst = burst
    this.keys = keys
  }

  /** Takes up to `wanted` for this sender and returns how many were granted. */
  take(key: string, wanted: number, nowMs: number): number {
    const bucket = this.buckets.get(key)
    const tokens = bucket ? Math.min(this.burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * this.perSecond) : this.burst
    const granted = Math.min(wanted, Math.floor(tokens))
    // The sender that was silent longest is forgotten first: it has refilled, or is one of a flood of forged ones.
    this.buckets.delete(key)
    if (this.buckets.size >= this.keys) this.buckets.delete(this.buckets.keys().next().value ?? '')
    this.buckets.set(key, { tokens: tokens - granted, atMs: nowMs })
    return granted
  }
}
