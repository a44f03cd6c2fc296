import path from 'node:path'
import type { LogLine } from '#contract/events'
import { openSegmentLog, type SegmentLog } from '../logs/segment-log.ts'

/** Logs by machine id or by `app-NAME`, opened at first use. */
export interface MachineLogs {
  append(name: string, line: Omit<LogLine, 'seq'>): void
  read(name: string, after: number, limit: number): { lines: LogLine[]; nextSeq: number }
  text(name: string): string
  remove(name: string): void
  /** New lines, gathered for some 50 ms per log. */
  subscribe(listener: (name: string, lines: LogLine[]) => void): () => void
  close(): void
}

const batchMs = 50
/** One that is open holds a few lines and no descriptor; opening one reads its folder, on the thread that answers machines. */
const mostOpen = 10_000

/** The logs below `folder`. Names are ids of ours: anything that is not plain letters, digits and hyphens is refused. */
export function openMachineLogs(folder: string): MachineLogs {
  const open = new Map<string, SegmentLog>()
  const listeners = new Set<(name: string, lines: LogLine[]) => void>()
  const fresh = new Map<string, LogLine[]>()
  let timer: NodeJS.Timeout | undefined

  const find = (name: string): SegmentLog => {
    if (!/^[a-z0-9-]{1,80}$/.test(name)) throw new Error('naming a log')
    const kept = open.get(name)
    if (kept !== undefined) return kept
    const [oldest] = open.keys()
    if (open.size >= mostOpen && oldest !== undefined) {
      open.get(oldest)?.close()
      open.delete(oldest)
    }
    const log = openSegmentLog(path.join(folder, name))
    open.set(name, log)
    return log
  }
  const publish = (): void => {
    timer = undefined
    const batch = [...fresh]
    fresh.clear()
    for (const [name, lines] of batch) for (const listener of listeners) listener(name, lines)
  }

  return {
    append(name, line) {
      const kept = find(name).append(line)
      const waiting = fresh.get(name)
      if (waiting === undefined) fresh.set(name, [kept])
      else if (waiting.length < 1000) waiting.push(kept)
      timer ??= setTimeout(publish, batchMs)
    },
    read: (name, after, limit) => find(name).read(after, limit),
    text: (name) => find(name).text(),
    remove(name) {
      find(name).remove()
      open.delete(name)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      clearTimeout(timer)
      for (const log of open.values()) log.close()
    },
  }
}

