interface Bucket { tokens: number; atMs: number }

/** How much of something may come from each of many senders: `perSecond`, with bursts of `burst`. Remembers at most `keys` senders. */
export class TokenBuckets {
  /** Who was heard lately, and who was before that and not since: a sender that was silent long has refilled, or is one of a flood of forged ones. */
  private young = new Map<string, Bucket>()
  private old = new Map<string, Bucket>()
  private readonly perSecond: number
  private readonly burst: number
  private readonly youngLimit: number

  constructor(perSecond: number, burst: number, keys: number) {
    this.perSecond = perSecond
    this.burst = burst
    this.youngLimit = Math.ceil(keys / 2)
  }

  /** Takes up to `wanted` for this sender and returns how many were granted. */
  take(key: string, wanted: number, nowMs: number): number {
    const bucket = this.young.get(key) ?? this.find(key, nowMs)
    const tokens = Math.min(this.burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * this.perSecond)
    const granted = Math.min(wanted, Math.floor(tokens))
    bucket.tokens = tokens - granted
    bucket.atMs = nowMs
    return granted
  }

  private find(key: string, nowMs: number): Bucket {
    const bucket = this.old.get(key) ?? { tokens: this.burst, atMs: nowMs }
    if (this.young.size >= this.youngLimit) { this.old = this.young; this.young = new Map() }
    this.young.set(key, bucket)
    return bucket
  }
}
