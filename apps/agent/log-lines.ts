/** A line on its way to the appliance: POST /agent/log. `app` names the app whose instance said it. */
export interface OutgoingLine { readonly at: string; readonly source: 'journal' | 'agent' | 'app'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string; readonly app?: string }

/** Longer lines are cut. */
const longestLine = 4000

/** One line of `journalctl -o json`: the line and its cursor, or undefined for what is no journal entry or must not be sent. */
export function parseJournal(line: string): { cursor: string; line: OutgoingLine } | undefined {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined // journalctl writes notices of its own between entries
  }
  const micros = Number(entry['__REALTIME_TIMESTAMP'])
  const cursor = entry['__CURSOR']
  if (!Number.isFinite(micros) || typeof cursor !== 'string') return undefined
  const who = firstText(entry['SYSLOG_IDENTIFIER']) ?? firstText(entry['_COMM']) ?? ''
  const unit = firstText(entry['_SYSTEMD_UNIT'])
  const message = (firstText(entry['MESSAGE']) ?? '').slice(0, longestLine)
  const source = unit === 'system-cloud-agent.service' ? 'agent' : 'journal'
  return { cursor, line: { at: new Date(micros / 1000).toISOString(), source, level: levelOf(Number(firstText(entry['PRIORITY']) ?? 6)), text: who === '' || source === 'agent' ? message : `${who}: ${message}` } }
}

/** journald gives bytes as number arrays and repeated fields as arrays of texts. */
function firstText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value) || value.length === 0) return undefined
  return typeof value[0] === 'number' ? Buffer.from(value as number[]).toString() : firstText(value[0])
}

const levelOf = (priority: number): OutgoingLine['level'] => (priority <= 3 ? 'error' : priority === 4 ? 'warn' : priority === 7 ? 'debug' : 'info')

/**
 * Cuts Docker's log stream (8-byte header: stream, 0, 0, 0, big-endian length) into frames across chunk borders.
 * A frame longer than 1 MiB is refused by throwing: the stream is out of step.
 */
export function frameCutter(): (chunk: Buffer) => { stream: 'stdout' | 'stderr'; text: string }[] {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const frames: { stream: 'stdout' | 'stderr'; text: string }[] = []
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4)
      if (length > 1 << 20) throw new Error('the log stream of Docker is out of step')
      if (rest.length < 8 + length) break
      frames.push({ stream: rest[0] === 2 ? 'stderr' : 'stdout', text: rest.subarray(8, 8 + length).toString() })
      rest = rest.subarray(8 + length)
    }
    return frames
  }
}

/** A log frame with `timestamps=1`: RFC 3339 time in nanoseconds, a space, the text. Undefined where there is no time. */
export function parseAppFrame(app: string, frame: { stream: string; text: string }): OutgoingLine | undefined {
  const match = /^(\d{4}-\d\d-\d\dT[\d:]+)(\.\d+)?Z (.*)$/s.exec(frame.text.trimEnd())
  if (match === null) return undefined
  return { at: `${match[1]}${(match[2] ?? '.000').slice(0, 4).padEnd(4, '0')}Z`, source: 'app', level: 'info', text: (match[3] ?? '').slice(0, longestLine), app }
}
