import type { JournalEvent } from '#contract/events'
import type { HotStore, NewEvent } from '../store/hot.ts'

/** What a caller says of something that happened; time and number are given here. */
export type NewLine = Omit<JournalEvent, 'seq' | 'at'>

/** The journal: append, then publish. */
export interface Journal {
  /** Appends and publishes. Resolves when it is on disk; where it cannot be stored it is logged and lost, never thrown. */
  record(line: NewLine): Promise<void>
  /** Appends a line that was committed with a change in the registry. Once only, however often it is asked. Rejects where the disk fails. */
  recordCommitted(event: NewEvent): Promise<void>
  /** Number of the last published line. */
  lastSeq(): number
  read(query: { machineId?: string; after: number; limit: number }): JournalEvent[]
  subscribe(listener: (event: JournalEvent) => void): () => void
}

/** The journal over hot.db. */
export function openJournal(hot: HotStore, now: () => number, onBroken: (error: unknown) => void): Journal {
  const listeners = new Set<(event: JournalEvent) => void>()
  let published = hot.lastSeq()
  const append = async (event: NewEvent): Promise<void> => {
    const numbered = await hot.append(event)
    if (numbered === undefined) return
    published = Math.max(published, numbered.seq)
    for (const listener of listeners) listener(numbered)
  }
  return {
    record: (line) => append({ at: new Date(now()).toISOString(), ...line }).catch(onBroken),
    recordCommitted: append,
    lastSeq: () => published,
    read: (query) => hot.events(query),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
