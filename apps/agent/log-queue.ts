import type { OutgoingLine } from './log-lines.ts'

/** Lines waiting to be sent, bounded: when the appliance is away the oldest are dropped and their number is told. */
export interface LogQueue {
  push(line: OutgoingLine): void
  /** The next batch as JSON lines, or undefined where there is none. Its lines stay until `sent(upTo)`. */
  batch(): { body: string; upTo: number } | undefined
  sent(upTo: number): void
}

const mostLines = 5000
const mostBatchLines = 500
/** The appliance takes 512 KiB at once. */
const mostBatchBytes = 256 * 1024

/** Makes an empty queue. */
export function logQueue(now: () => Date): LogQueue {
  const lines: { seq: number; line: OutgoingLine }[] = []
  let last = 0
  let dropped = 0
  const add = (line: OutgoingLine) => lines.push({ seq: (last += 1), line })
  return {
    push(line) {
      add(line)
      if (lines.length > mostLines) dropped += lines.splice(0, lines.length - mostLines).length
    },
    batch() {
      if (dropped > 0) {
        add({ at: now().toISOString(), source: 'agent', level: 'warn', text: `${dropped} log lines were dropped while the appliance was away` })
        dropped = 0
      }
      let body = ''
      let upTo: number | undefined
      for (const { seq, line } of lines.slice(0, mostBatchLines)) {
        const text = `${JSON.stringify(line)}\n`
        if (upTo !== undefined && Buffer.byteLength(body) + Buffer.byteLength(text) > mostBatchBytes) break
        body += text
        upTo = seq
      }
      return upTo === undefined ? undefined : { body, upTo }
    },
    sent(upTo) {
      const next = lines.findIndex(({ seq }) => seq > upTo)
      lines.splice(0, next === -1 ? lines.length : next)
    },
  }
}
