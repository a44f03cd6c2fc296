import type { DropReason, Receiver, Site } from '../site.ts'

const flushMs = 10_000

/** Counts what is not answered. The site hears sums, so that a flood of garbage is one line in ten seconds. */
export interface Drops {
  count(receiver: Receiver, reason: DropReason, by?: number): void
  close(): void
}

/** Starts counting for a site. */
export function countDrops(site: Site): Drops {
  const sums = new Map<string, { receiver: Receiver; reason: DropReason; count: number }>()
  const flush = (): void => {
    for (const sum of sums.values()) site.report({ kind: 'datagrams.dropped', ...sum })
    sums.clear()
  }
  const timer = setInterval(flush, flushMs).unref()
  return {
    count(receiver, reason, by = 1) {
      const key = `${receiver} ${reason}`
      const sum = sums.get(key)
      if (sum) sum.count += by
      else sums.set(key, { receiver, reason, count: by })
    },
    close() { clearInterval(timer); flush() },
  }
}
