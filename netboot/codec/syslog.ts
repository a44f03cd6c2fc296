/** What a log datagram says. `level` folds syslog's eight severities into the appliance's four. */
export interface LogMessage {
  readonly source: 'kernel' | 'ramdisk'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly text: string
}

const textLimit = 2000
const utf8 = new TextDecoder('utf-8')

/**
 * The lines of a syslog datagram; anything at all is taken as text. A line without priority counts as `user.notice`.
 * Facility 0 or the tag `kernel` means the kernel. Time and host name of the sender are left out: the receiver knows both better.
 * @see RFC 3164 §4.1, RFC 5424 §6
 */
export function parseSyslog(bytes: Uint8Array): LogMessage[] {
  return splitLines(bytes).map((line) => {
    const match = /^<(\d{1,3})>(?:1 \S+ \S+ (\S+) \S+ \S+ (?:-|\[.*?\]) ?)?(.*)$/.exec(line)
    const priority = Math.min(191, Number(match?.[1] ?? 13))
    const body = (match?.[3] ?? line).replace(/^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[\w.:-]+ (?=[\w./-]+(?:\[\d+\])?: ))?/, '')
    const fromKernel = match !== null && (priority >> 3 === 0 || match[2] === 'kernel' || body.startsWith('kernel: '))
    return { source: fromKernel ? 'kernel' : 'ramdisk', level: foldSeverity(priority & 7), text: body.replace(/^kernel: /, '').slice(0, textLimit) }
  })
}

/**
 * The lines of a netconsole datagram: plain text, or the extended form `level,sequence,microseconds,flags[,...];text`.
 * @see Linux Documentation/networking/netconsole.rst
 */
export function parseNetconsole(bytes: Uint8Array): LogMessage[] {
  return splitLines(bytes).map((line) => {
    const match = /^(\d{1,3}),\d+,\d+,[^;]*;(.*)$/.exec(line)
    return { source: 'kernel', level: match ? foldSeverity(Number(match[1]) & 7) : 'info', text: (match?.[2] ?? line).slice(0, textLimit) }
  })
}

/**
 * One line of POST /log/:mac: level letter, source letter, space, text. A line in another form is kept whole as the ramdisk's.
 */
export function parseStreamLine(line: string): LogMessage {
  const match = /^([ewid])([kr]) (.*)$/.exec(line)
  if (!match) return { source: 'ramdisk', level: 'info', text: line.slice(0, textLimit) }
  const level = ({ e: 'error', w: 'warn', i: 'info', d: 'debug' } as const)[match[1] as 'e' | 'w' | 'i' | 'd']
  return { source: match[2] === 'k' ? 'kernel' : 'ramdisk', level, text: (match[3] ?? '').slice(0, textLimit) }
}

/** Text without control characters, as it may be shown and stored. Tabs and escapes become spaces. */
export const cleanLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, ' ').trimEnd()

const splitLines = (bytes: Uint8Array): string[] => utf8.decode(bytes).split(/[\n\u0000]/).map(cleanLine).filter((line) => line !== '').slice(0, 200)

function foldSeverity(severity: number): LogMessage['level'] {
  if (severity <= 3) return 'error'
  if (severity === 4) return 'warn'
  return severity === 7 ? 'debug' : 'info'
}
