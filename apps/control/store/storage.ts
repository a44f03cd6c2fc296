/** A database that may be in trouble. */
interface Troubled { trouble(): string | null; onTrouble(listener: (trouble: string | null) => void): void }

/** The state of all databases together. */
export interface Storage {
  /** Sentences on what cannot be stored now and why; empty while all is well. */
  troubles(): string[]
  /** Told when the first trouble begins, with its sentence, and with null when the last one has ended. */
  onChange(listener: (trouble: string | null) => void): void
}

/** Watches databases. */
export function watchStorage(databases: readonly Troubled[]): Storage {
  const listeners = new Set<(trouble: string | null) => void>()
  const troubles = (): string[] => [...new Set(databases.flatMap((one) => one.trouble() ?? []))]
  let wasWell = true
  for (const database of databases) database.onTrouble(() => {
    const [first] = troubles()
    if ((first === undefined) === wasWell) return
    wasWell = first === undefined
    for (const listener of listeners) listener(first ?? null)
  })
  return { troubles, onChange: (listener) => void listeners.add(listener) }
}
