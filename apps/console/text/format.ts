const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const

/** Bytes as people read them on a drive's label: powers of 1000, three digits. "20 GB", "1.92 TB". */
export function formatBytes(bytes: number): string {
  return scale(bytes, 1000, units)
}

/** Memory in powers of 1024, as it is sold. "2 GiB". */
export function formatMemory(bytes: number): string {
  return scale(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'])
}

/** Bytes per second. "41.2 MB/s". */
export const formatRate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`

function scale(value: number, base: number, names: readonly string[]): string {
  let size = value
  let step = 0
  while (size >= base && step < names.length - 1) {
    size /= base
    step += 1
  }
  const digits = step === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2
  return `${String(Number(size.toFixed(digits)))} ${names[step]}`
}

/** A span of milliseconds. "42 s", "3 min 05 s", "2 h 04 min", "5 d 3 h". */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** How long ago `at` (ISO 8601) was. "now", "12 s ago", "3 min ago", "2 d ago". */
export function formatAgo(at: string, now: number): string {
  const ms = now - Date.parse(at)
  if (!Number.isFinite(ms)) return ''
  if (ms < 5000) return 'now'
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`
  if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h ago`
  return `${Math.floor(ms / 86_400_000)} d ago`
}

/** The time of day of `at` in the browser's zone, to the millisecond: lines of a boot are that close. */
export function formatClock(at: string): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '--:--:--'
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** Date and time in full in the browser's zone, to the second: "2026-11-21 15:44:34", as every clock here. */
export function formatDate(at: string): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return ''
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')} ${formatClock(at).slice(0, 8)}`
}

/** A count with its noun. "1 machine", "3 machines". */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** A name in two parts, of which the first may be cut short: the last ten characters tell the machines of one rack apart. Short names are all tail. */
export const splitName = (name: string): readonly [head: string, tail: string] => (name.length <= 20 ? ['', name] : [name.slice(0, -10), name.slice(-10)])

/** A remark as a sentence: a capital first, unless it begins with a name such as sc-07, and a full stop last. */
export function asSentence(remark: string): string {
  const text = safeText(remark).trim()
  const first = /^[a-z]+\d*-[a-z\d-]*\d/.test(text) ? text.slice(0, 1) : text.slice(0, 1).toUpperCase()
  return text === '' ? '' : `${first}${text.slice(1)}${/[.!?…:]$/.test(text) ? '' : '.'}`
}

const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from a machine without what could reorder, hide or beep: shown, never interpreted. */
export const safeText = (text: string): string => text.replaceAll(unsafe, '\u00b7')
