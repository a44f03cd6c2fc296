import type { DropReason, Receiver, Site } from '../site.ts'

const tickMs = 1000
/** Ticks from one sum of a receiver and reason to the next: ten seconds. */
const restTicks = 10

/** Counts what is not answered. The site hears of a first one within a second and of the others in sums, so that a flood of garbage is one line in ten seconds. */
export interface Drops {
  count(receiver: Receiver, reason: DropReason, by?: number): void
  close(): void
}

interface Sum { readonly receiver: Receiver; readonly reason: DropReason; count: number; restTicks: number }

/** Starts counting for a site. */
export function countDrops(site: Site): Drops {
  /** Of the last ten seconds, by receiver and reason. */
  const sums = new Map<string, Sum>()
  const tell = (sum: Sum): void => {
    const { receiver, reason, count } = sum
    Object.assign(sum, { count: 0, restTicks })
    site.report({ kind: 'datagrams.dropped', receiver, reason, count })
  }
  const timer = setInterval(() => {
    for (const [key, sum] of sums) {
      sum.restTicks -= 1
      if (sum.restTicks > 0) continue
      if (sum.count > 0) tell(sum)
      else sums.delete(key)
    }
  }, tickMs).unref()
  return {
    count(receiver, reason, by = 1) {
      const key = `${receiver} ${reason}`
      const sum = sums.get(key)
      if (sum) sum.count += by
      else sums.set(key, { receiver, reason, count: by, restTicks: 0 })
    },
    close() {
      clearInterval(timer)
      for (const sum of sums.values()) if (sum.count > 0) tell(sum)
    },
  }
}
