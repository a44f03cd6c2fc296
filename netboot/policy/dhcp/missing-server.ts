/** Long enough for two probes and for a server that pings an address for three seconds before it offers it. */
const firstLookMs = 20_000
/** Three probes without an answer. */
const missingMs = 95_000

/**
 * Whether anybody gives addresses on a network of mode proxy, which itself gives none. A server that is there is asked seldom, because a
 * probe ties up an address of its pool for a while.
 */
export class MissingServer {
  static readonly probeEveryMs = { present: 30_000, missing: 10_000 }
  private readonly sinceMs: number
  private heardMs: number | undefined
  /** What was told last. */
  isMissing = false

  constructor(nowMs: number) { this.sinceMs = nowMs }

  /** A server was heard to give an address. */
  heard(nowMs: number): void { this.heardMs = nowMs }

  /** What has changed since it was asked last: undefined for nothing. */
  news(nowMs: number): 'missing' | 'found' | undefined {
    const missing = this.heardMs === undefined ? nowMs - this.sinceMs > firstLookMs : nowMs - this.heardMs > missingMs
    if (missing === this.isMissing) return undefined
    this.isMissing = missing
    return missing ? 'missing' : 'found'
  }

  /** How long after a probe the next one is due. */
  get probeEveryMs(): number { return this.heardMs === undefined || this.isMissing ? MissingServer.probeEveryMs.missing : MissingServer.probeEveryMs.present }
}
