import type { cellKinds, ClientMatch, Lease, PoolMap } from '#contract/network-api'

/** How a state of a lease is called and coloured. */
export const leaseLooks: Record<Lease['state'], { word: string, text: string, dot: string }> = {
  bound: { word: 'In use', text: 'text-ink', dot: 'bg-mark' },
  expired: { word: 'Expired', text: 'text-ink-3', dot: 'bg-line-2' },
  released: { word: 'Released', text: 'text-ink-3', dot: 'bg-line-2' },
  declined: { word: 'Declined', text: 'text-red', dot: 'bg-red' },
  conflict: { word: 'Conflict', text: 'text-red', dot: 'bg-red' },
}

/** How a cell of the address map is called and painted. */
export const cellLooks: Record<(typeof cellKinds)[number], { word: string, paint: string }> = {
  bound: { word: 'In use', paint: 'bg-mark' },
  reserved: { word: 'Reserved, away', paint: 'border-2 border-mark bg-mark-wash' },
  conflict: { word: 'In conflict', paint: 'bg-red' },
  free: { word: 'Free', paint: 'bg-well border border-line-2' },
  excluded: { word: 'Excluded', paint: 'hatched border border-line-2' },
  own: { word: 'Appliance or gateway', paint: 'bg-ink-2' },
  outside: { word: 'Not given out', paint: 'border border-line' },
}

/** A cell in words: what is there, and who. */
export function describeCell(cell: PoolMap['cells'][number], perCell: number): string {
  const { word } = cellLooks[cell.kind]
  if (perCell > 1) return `${cell.from} and ${perCell - 1} more: ${word.toLowerCase()}${cell.used > 0 ? `, ${cell.used} of ${perCell} in use` : ''}`
  return `${cell.from}: ${word.toLowerCase()}${cell.who === '' ? '' : `, ${cell.who}`}`
}

/** Whom a reservation is for, as a person writes it. */
export function describeClient(match: ClientMatch): string {
  if ('mac' in match) return match.mac
  return 'uuid' in match ? match.uuid : `id:${match.clientId}`
}
