/** What kinds of order a ramdisk understands. */
export type OrderKind = 'partitionDisk' | 'writeImage' | 'configureSystem' | 'bootDisk' | 'eraseDisk' | 'reboot' | 'poweroff'

/** One order for the ramdisk of one machine. Its id names the step's run, so a restarted control knows it again. */
export interface Order {
  readonly id: string
  readonly kind: OrderKind
  readonly generation: number
  readonly fields: Readonly<Record<string, string | number>>
}

/** What a ramdisk says of an order. */
export interface OrderReport { readonly status: 'running' | 'done' | 'failed'; readonly bytesDone: number | null; readonly bytesTotal: number | null; readonly detail: string }

/** Orders for ramdisks, at most one for each machine. */
export interface OrderDesk {
  /** Gives an order and resolves when it is done. Rejects with the ramdisk's own words where it failed, or when `signal` aborts. */
  give(machineId: string, order: Order, signal: AbortSignal, onReport: (report: OrderReport) => void): Promise<void>
  /** The machine's order; waits for one up to `waitMs`. Undefined: none came. */
  take(machineId: string, waitMs: number, signal: AbortSignal): Promise<Order | undefined>
  /** False: no such order is wanted (any more). */
  report(machineId: string, orderId: string, report: OrderReport): boolean
  current(machineId: string): Order | undefined
}

/** After a start, reports of orders that are not given again yet are kept this long. */
const graceMs = 15_000

/**
 * Makes an empty desk. Nothing of it is stored: after a restart the same step gives the same order again. What a ramdisk says in between
 * is kept for it, so that a restart in the middle of an order does not stop it.
 */
export function orderDesk(now: () => number = Date.now): OrderDesk {
  const madeMs = now()
  const early = new Map<string, { orderId: string; report: OrderReport }>()
  const open = new Map<string, { order: Order; settle(report: OrderReport): void }>()
  const waiting = new Map<string, Set<() => void>>()
  return {
    give(machineId, order, signal, onReport) {
      return new Promise((resolve, reject) => {
        const end = (): void => {
          signal.removeEventListener('abort', aborted)
          if (open.get(machineId)?.order === order) open.delete(machineId)
        }
        const aborted = (): void => {
          end()
          reject(signal.reason instanceof Error ? signal.reason : new Error('the order was taken back'))
        }
        if (signal.aborted) return aborted()
        signal.addEventListener('abort', aborted)
        open.set(machineId, {
          order,
          settle(report) {
            onReport(report)
            if (report.status === 'running') return
            end()
            if (report.status === 'done') resolve()
            else reject(new Error(report.detail === '' ? 'the ramdisk gave no reason: see the log' : report.detail))
          },
        })
        const before = early.get(machineId)
        early.delete(machineId)
        if (before?.orderId === order.id) return open.get(machineId)?.settle(before.report)
        for (const wake of waiting.get(machineId) ?? []) wake()
      })
    },
    take(machineId, waitMs, signal) {
      const present = open.get(machineId)?.order
      if (present !== undefined || waitMs <= 0) return Promise.resolve(present)
      return new Promise((resolve) => {
        const wakers = waiting.get(machineId) ?? new Set()
        waiting.set(machineId, wakers)
        const wake = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', wake)
          wakers.delete(wake)
          resolve(open.get(machineId)?.order)
        }
        const timer = setTimeout(wake, waitMs)
        signal.addEventListener('abort', wake)
        wakers.add(wake)
      })
    },
    report(machineId, orderId, report) {
      const present = open.get(machineId)
      if (present === undefined && now() - madeMs < graceMs) {
        early.set(machineId, { orderId, report })
        return true
      }
      if (present === undefined || present.order.id !== orderId) return false
      present.settle(report)
      return true
    },
    current: (machineId) => open.get(machineId)?.order,
  }
}
