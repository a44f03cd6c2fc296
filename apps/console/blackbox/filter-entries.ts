import type { BootEntry } from '#contract/blackbox-api'

/** Which rows of a boot are wished: text in any part, lanes that are left out, and small talk (ARP, questions for sizes). */
export interface EntryFilter { text: string, hidden: ReadonlySet<BootEntry['lane']>, smallTalk: boolean }

/** A row with its place in the boot. */
export interface PlacedEntry { entry: BootEntry, index: number }

/** The rows that fit. Evidence of a diagnosis is shown as long as its lane is. */
export function filterEntries(entries: readonly BootEntry[], evidence: ReadonlySet<number>, { text, hidden, smallTalk }: EntryFilter): PlacedEntry[] {
  const wanted = text.trim().toLowerCase()
  return entries.flatMap((entry, index) => {
    if (hidden.has(entry.lane)) return []
    if (!smallTalk && entry.level === 'debug' && !evidence.has(index)) return []
    return wanted === '' || `${entry.lane} ${entry.title} ${entry.detail}`.toLowerCase().includes(wanted) ? [{ entry, index }] : []
  })
}

/** Which lanes a boot has, in the order of a boot. */
export function lanesOf(entries: readonly BootEntry[]): BootEntry['lane'][] {
  const order: readonly BootEntry['lane'][] = ['dhcp', 'tftp', 'http', 'arp', 'script', 'kernel', 'ramdisk', 'life']
  return order.filter((lane) => entries.some((entry) => entry.lane === lane))
}

/** A pause in words of a person who reads packets: `0.4 ms`, `120 ms`, `3.81 s`, `4 min`. */
export function formatGap(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 100_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
  return `${Math.round(ms / 60_000)} min`
}
