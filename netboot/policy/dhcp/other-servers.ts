import type { Mac } from '#contract/mac'

/** A DHCP server of somebody else, as it was last heard. */
export interface OtherServer {
  readonly address: string
  readonly serverMac: Mac | null
  /** The address that it promised to somebody, or null. */
  readonly offered: string | null
  readonly bootFile: string | null
  readonly how: 'answer' | 'choice' | 'probe'
  /** What it tells clients of their network; absent: not heard. */
  readonly gives?: { readonly gateway: string; readonly dns: readonly string[] }
}

const mostServers = 32
const repeatMs = 60_000
/** Three probes without an answer, and some for a server that pings an address first: beside mode full each takes ten seconds, beside mode proxy thirty. */
export const goneMs = { full: 35_000, proxy: 95_000 } as const

/**
 * Who else gives addresses on a wire. A server that a client merely chose is told to people, and asked by our own probe at once: only what
 * was heard itself counts as being there.
 */
export class OtherServers {
  private readonly servers = new Map<string, { lastMs: number; saidMs: number; isHeard: boolean; bootFile: string | null }>()
  private readonly goneMs: number

  constructor(goneMs: number) { this.goneMs = goneMs }

  /** Takes note of one; returns whether people should be told: the first time, each minute, and when it says what to boot for the first time. */
  heard({ address, how, bootFile }: OtherServer, nowMs: number): boolean {
    const before = this.servers.get(address)
    if (!before && this.servers.size >= mostServers) return false
    const isHeard = how !== 'choice' || before?.isHeard === true
    const isNews = !before || nowMs - before.saidMs >= repeatMs || (isHeard && !before.isHeard) || (bootFile !== null && bootFile !== before.bootFile)
    this.servers.set(address, { lastMs: how === 'choice' && before?.isHeard ? before.lastMs : nowMs, saidMs: isNews ? nowMs : before.saidMs, isHeard, bootFile: bootFile ?? before?.bootFile ?? null })
    return isNews
  }

  /** Those that were not heard for long enough to be gone; each is named once. */
  gone(nowMs: number): string[] {
    const gone = Array.from(this.servers).filter(([, { lastMs }]) => nowMs - lastMs > this.goneMs).map(([address]) => address)
    return gone.filter((address) => { const wasHeard = this.servers.get(address)?.isHeard; this.servers.delete(address); return wasHeard })
  }

  /** Whether any is there that was heard itself. */
  get isPresent(): boolean { return Array.from(this.servers.values()).some(({ isHeard }) => isHeard) }
}
