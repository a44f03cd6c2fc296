import type { OutgoingLine } from './log-lines.ts'

/** Lines waiting to be sent, bounded: when the appliance is away the oldest are dropped and their number is told. */
export interface LogQueue {
  push(line: OutgoingLine): void
  /** The next batch as JSON lines, or undefined where there is none. The lines stay until `sent`. */
  batch(now: Date): { body: string; count: number } | undefined
  sent(count: number): void
}

const mostLines = 5000
const mostBatchLines = 500

/** Makes an empty queue. */
export function logQueue(): LogQueue {
  const lines: OutgoingLine[] = []
  let dropped = 0
  return {
    push(line) {
      lines.push(line)
      if (lines.length <= mostLines) return
      dropped += lines.splice(0, lines.length - mostLines).length
    },
    batch(now) {
      if (lines.length === 0) return undefined
      if (dropped > 0) {
        lines.unshift({ at: now.toISOString(), source: 'agent', level: 'warn', text: `${dropped} log lines were dropped while the appliance was away` })
        dropped = 0
      }
      const some = lines.slice(0, mostBatchLines)
      return { body: some.map((line) => `${JSON.stringify(line)}\n`).join(''), count: some.length }
    },
    sent(count) {
      lines.splice(0, count)
    },
  }
}
