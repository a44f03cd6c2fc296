const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** A size in decimal units, as disks are sold: `21.5 GB`. */
export function renderBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? 'B'}`
}

/** A length of time in its largest unit: `3 s`, `12 min`, `5 h`, `9 d`. */
export function renderSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 100) return `${seconds} s`
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86400)} d`
}

/** How long ago an ISO time was; `now` in milliseconds since 1970. Empty for what is not a time. */
export function renderAgo(iso: string, now: number): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return ''
  return now - at < 1500 ? 'now' : `${renderSpan(now - at)} ago`
}

/** `1 machine`, `2 machines`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`
