/** What every catalog entry has: an id that is stored for ever, and a title for people. */
export interface Entry {
  readonly id: string
  readonly title: string
}

/** An explicit, ordered list of entries: the one extension mechanism of the appliance. */
export interface Catalog<E extends Entry> {
  readonly entries: readonly E[]
  /** The entry with this id, or undefined where none has it (a row may name one that was removed). */
  find(id: string): E | undefined
}

/** Makes a catalog. Throws where two entries share an id. */
export function catalog<const E extends Entry>(...entries: E[]): Catalog<E> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  if (byId.size !== entries.length) throw new Error(`two catalog entries share an id: ${entries.map((e) => e.id).join(', ')}`)
  return { entries, find: (id) => byId.get(id) }
}
