/** The part of a file that a request asks for. `end` is the last byte, as HTTP counts. */
export type RangeChoice = { kind: 'whole' } | { kind: 'part'; start: number; end: number } | { kind: 'unsatisfiable' }

/**
 * Which bytes to send for a Range header. A header that is malformed, asks for several parts, or goes with an If-Range that names another
 * version is as if it were absent: the whole file. @see RFC 9110 §13.1.5 and §14.2
 */
export function chooseRange(range: string | undefined, ifRange: string | undefined, etag: string, sizeBytes: number): RangeChoice {
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return { kind: 'whole' }
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim())
  const [from = '', to = ''] = match?.slice(1) ?? []
  if (!match || (from === '' && to === '')) return { kind: 'whole' }
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes)
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(from)
  if (to !== '' && Number(to) < start) return { kind: 'whole' }
  if (start >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', start, end: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) }
}
