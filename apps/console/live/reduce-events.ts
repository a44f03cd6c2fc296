import type { JournalEvent, LogLine } from '#contract/events'
import type { Machine } from '#contract/operator-api'

/** How many lines of a log the browser keeps; the download has them all. */
export const heldLogLines = 20_000
/** How many lines of a timeline the browser keeps. */
export const heldEvents = 5000

/** The list with this view of a machine in it, unless a newer one is held. A machine not held is added. */
export function mergeMachine(held: readonly Machine[], incoming: Machine): Machine[] {
  return mergeMachines(held, [incoming])
}

/** The same for many at once: one pass, however many arrived. Forgotten machines leave. */
export function mergeMachines(held: readonly Machine[], incoming: readonly Machine[]): Machine[] {
  const byId = new Map(held.map((machine) => [machine.id, machine]))
  for (const machine of incoming) {
    const known = byId.get(machine.id)
    if (known && isOlder(machine, known)) continue
    if (machine.phase === 'retired') byId.delete(machine.id)
    else byId.set(machine.id, machine)
  }
  return [...byId.values()]
}

/** A fetched list is the truth about which machines exist; a view that arrived live meanwhile is kept where it is newer. */
export function mergeFetched(held: readonly Machine[], fetched: readonly Machine[]): Machine[] {
  const known = new Map(held.map((machine) => [machine.id, machine]))
  return fetched.filter((machine) => machine.phase !== 'retired').map((machine) => {
    const mine = known.get(machine.id)
    return mine && isOlder(machine, mine) ? mine : machine
  })
}

const isOlder = (a: Machine, b: Machine): boolean => a.lastSeq < b.lastSeq || (a.lastSeq === b.lastSeq && a.lastSeenAt < b.lastSeenAt)

/** Timeline lines in order, each once, whatever was sent twice or out of order. */
export const mergeEvents = (held: readonly JournalEvent[], incoming: readonly JournalEvent[]): readonly JournalEvent[] => mergeBySeq(held, incoming, heldEvents)

/** Log lines in order, each once, at most `heldLogLines`: the oldest leave. */
export const mergeLog = (held: readonly LogLine[], incoming: readonly LogLine[]): readonly LogLine[] => mergeBySeq(held, incoming, heldLogLines)

function mergeBySeq<T extends { seq: number }>(held: readonly T[], incoming: readonly T[], most: number): readonly T[] {
  if (incoming.length === 0) return held
  const last = held.at(-1)?.seq ?? -1
  const merged = isAscendingAfter(incoming, last) ? [...held, ...incoming] : [...new Map([...held, ...incoming].map((line) => [line.seq, line])).values()].sort((a, b) => a.seq - b.seq)
  return merged.length > most ? merged.slice(-most) : merged
}

function isAscendingAfter(lines: readonly { seq: number }[], last: number): boolean {
  let before = last
  for (const { seq } of lines) {
    if (seq <= before) return false
    before = seq
  }
  return true
}

/**
 * The newest journal line after these events, and whether some are missing: lines of the whole appliance rise by one,
 * so a hole means that something was lost and the list must be fetched again.
 */
export function advanceCursor(cursor: number, events: readonly JournalEvent[]): { cursor: number, hole: boolean } {
  let now = cursor
  let hole = false
  for (const { seq } of [...events].sort((a, b) => a.seq - b.seq)) {
    if (seq <= now) continue
    if (seq > now + 1) hole = true
    now = seq
  }
  return { cursor: now, hole }
}

/** Whether the appliance's journal is behind what this browser has seen: it was restored from a backup, so all that is held is wrong. */
export const isRewound = (cursor: number, applianceSeq: number): boolean => applianceSeq < cursor

/** Machines named by events whose held view is older than the event: their whole view must be asked for. */
export function staleMachines(machines: readonly Machine[], events: readonly JournalEvent[]): string[] {
  const seqs = new Map(machines.map((machine) => [machine.id, machine.lastSeq]))
  return [...new Set(events.filter((event) => event.machineId !== null && event.seq > (seqs.get(event.machineId) ?? -1)).map((event) => event.machineId as string))]
}
