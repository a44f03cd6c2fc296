import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { LogLine } from '#contract/events'

/** A log of one machine or app: append-only segment files of JSON lines, bounded by size; the oldest segment goes first. */
export interface SegmentLog {
  /** Gives the line the next number and keeps it. It reaches the disk within `flushMs`, in one write with its neighbours. */
  append(line: Omit<LogLine, 'seq'>): LogLine
  /** Lines with a number above `after`, oldest first. `nextSeq` is the number of the last one read: ask with it for more. */
  read(after: number, limit: number): { lines: LogLine[]; nextSeq: number }
  /** The whole log as text for a download, oldest first: `time source text`. */
  text(): string
  flush(): void
  close(): void
  remove(): void
}

/** Limits of a log: ours are 8 segments of 1 MiB for each machine. */
export interface SegmentLimits { readonly segmentBytes: number; readonly segments: number; readonly lineChars: number; readonly flushMs: number }
const standard: SegmentLimits = { segmentBytes: 1024 * 1024, segments: 8, lineChars: 2000, flushMs: 200 }

interface Segment { readonly file: string; readonly first: number; bytes: number }

const controlCharacters = /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/**
 * Opens the log in `folder`, or makes it. Segments are named for the number of their first line.
 *
 * INVARIANTS: numbers rise by one and never repeat, over restarts too; a half-written last line (a killed process) is passed over;
 * one writer for each folder.
 */
export function openSegmentLog(folder: string, limits: SegmentLimits = standard): SegmentLog {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const segments: Segment[] = readdirSync(folder).filter((name) => /^\d{12}\.jsonl$/.test(name)).sort().map((name) => ({ file: path.join(folder, name), first: Number(name.slice(0, 12)), bytes: sizeOf(path.join(folder, name)) }))
  let last = lastNumber(segments)
  let waiting: LogLine[] = []
  let timer: NodeJS.Timeout | undefined
  // After a kill in the middle of a line, the next one starts a segment of its own: nothing is ever glued to the half.
  let fresh = segments.length > 0

  function current(): Segment {
    const newest = segments.at(-1)
    if (newest !== undefined && !fresh && newest.bytes < limits.segmentBytes) return newest
    fresh = false
    const first = waiting[0]?.seq ?? last + 1
    const segment = { file: path.join(folder, `${String(first).padStart(12, '0')}.jsonl`), first, bytes: 0 }
    segments.push(segment)
    while (segments.length > limits.segments) rmSync((segments.shift() as Segment).file, { force: true })
    return segment
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (waiting.length === 0) return
    const segment = current()
    const text = waiting.map((line) => `${JSON.stringify(line)}\n`).join('')
    waiting = []
    try {
      appendFileSync(segment.file, text, { mode: 0o600 })
    } catch (error) {
      // A log is not worth a crash: its lines are lost, and what was half written is left behind in a segment of its own.
      fresh = true
      if (!(error instanceof Error && 'code' in error && /^(ENOSPC|EDQUOT|EIO|EROFS)$/.test(String(error.code)))) throw error
    }
    segment.bytes += Buffer.byteLength(text)
  }

  function* lines(after: number): Generator<LogLine> {
    flush()
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1]
      if (next !== undefined && next.first <= after + 1) continue
      for (const line of readLines(segment.file)) if (line.seq > after) yield line
    }
  }

  return {
    append(line) {
      last += 1
      const kept = { ...line, seq: last, text: line.text.replaceAll(controlCharacters, '').slice(0, limits.lineChars) }
      waiting.push(kept)
      if (waiting.length >= 500) flush()
      else timer ??= setTimeout(flush, limits.flushMs).unref()
      return kept
    },
    read(after, limit) {
      const found: LogLine[] = []
      for (const line of lines(after)) {
        found.push(line)
        if (found.length >= limit) break
      }
      return { lines: found, nextSeq: found.at(-1)?.seq ?? after }
    },
    text() {
      let all = ''
      for (const line of lines(0)) all += `${line.at} ${line.source.padEnd(8)} ${line.text}\n`
      return all
    },
    flush,
    close: flush,
    remove() {
      clearTimeout(timer)
      waiting = []
      segments.length = 0
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function sizeOf(file: string): number {
  const handle = openSync(file, 'r')
  try {
    return fstatSync(handle).size
  } finally {
    closeSync(handle)
  }
}

function* readLines(file: string): Generator<LogLine> {
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    if (!text.endsWith('}')) continue // empty, or half of a line that a killed process began
    yield JSON.parse(text) as LogLine
  }
}

/** The number of the last whole line, read from the end of the newest segment that has one. */
function lastNumber(segments: readonly Segment[]): number {
  for (const segment of [...segments].reverse()) {
    const handle = openSync(segment.file, 'r')
    const tail = Buffer.alloc(Math.min(segment.bytes, 64 * 1024))
    readSync(handle, tail, 0, tail.length, segment.bytes - tail.length)
    closeSync(handle)
    const whole = tail.toString('utf8').split('\n').filter((text) => text.startsWith('{') && text.endsWith('}')).at(-1)
    if (whole !== undefined) return (JSON.parse(whole) as LogLine).seq
  }
  return (segments.at(-1)?.first ?? 1) - 1
}
