import Database from 'better-sqlite3'
import type { JournalEvent } from '#contract/events'
import type { Lease } from '#netboot/site'

/** A journal line that has no number yet. `outboxId` makes a second append of the same line do nothing. */
export interface NewEvent extends Omit<JournalEvent, 'seq'> { readonly outboxId?: number }

/** hot.db: leases, journal and small synchronous facts, through prepared statements on one connection of its own. */
export interface HotStore {
  /** All stored leases. */
  leases(): Lease[]
  /** Resolves when the lease is on disk; several that arrive together share one commit. */
  commitLease(lease: Lease): Promise<void>
  /** Numbers the event and resolves with it when it is on disk; undefined where its outbox line was appended before. */
  append(event: NewEvent): Promise<JournalEvent | undefined>
  lastSeq(): number
  /** Events after `after`, oldest first, of one machine or of all. */
  events(query: { machineId?: string; after: number; limit: number }): JournalEvent[]
  /** One value of a bucket (settings, secrets, apps), or undefined. */
  get(bucket: string, key: string): string | undefined
  /** Durable on return. */
  put(bucket: string, key: string, value: string): void
  remove(bucket: string, key: string): void
  entries(bucket: string): { key: string; value: string }[]
  /** Drops the oldest journal lines above `keep`. */
  prune(keep: number): void
  close(): Promise<void>
}

const schema = `
CREATE TABLE IF NOT EXISTS lease (network TEXT NOT NULL, address TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (network, address));
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, machine TEXT, kind TEXT NOT NULL, level TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, outbox INTEGER UNIQUE);
CREATE INDEX IF NOT EXISTS journal_machine ON journal (machine, seq);
CREATE TABLE IF NOT EXISTS fact (bucket TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (bucket, key));
`
const commitAfterMs = 5

interface Row { seq: number; at: string; machine: string | null; kind: string; level: JournalEvent['level']; text: string; data: string }
const toEvent = (row: Row): JournalEvent => ({ seq: row.seq, at: row.at, machineId: row.machine, kind: row.kind, level: row.level, text: row.text, data: JSON.parse(row.data) as Record<string, unknown> })

/**
 * Opens (or makes) hot.db.
 *
 * INVARIANTS: one commit at a time, in the order asked; a promise resolves only after the commit that holds its write; a failed commit
 * rejects all of its writes. synchronous = FULL: an acknowledged lease survives a power cut.
 */
export function openHotStore(file: string): HotStore {
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(schema)
  const putLease = db.prepare('INSERT INTO lease VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json')
  const putEvent = db.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (outbox) DO NOTHING')
  const ofAll = db.prepare('SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?')
  const ofMachine = db.prepare('SELECT * FROM journal WHERE machine = ? AND seq > ? ORDER BY seq LIMIT ?')
  const getFact = db.prepare('SELECT value FROM fact WHERE bucket = ? AND key = ?').pluck()
  const putFact = db.prepare('INSERT INTO fact VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
  let seq = (db.prepare('SELECT max(seq) FROM journal').pluck().get() as number | null) ?? 0
  const pending: { run(): void; done(): void; fail(error: unknown): void }[] = []
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const batch = pending.splice(0)
    const before = seq
    try {
      db.transaction(() => { for (const one of batch) one.run() })()
    } catch (error) { // the waiting callers hear of it, each for itself
      seq = before
      for (const one of batch) one.fail(error)
      return
    }
    for (const one of batch) one.done()
  }
  const enqueue = <T>(run: () => T): Promise<T> => new Promise((resolve, reject) => {
    let value: T
    pending.push({ run: () => { value = run() }, done: () => resolve(value), fail: reject })
    timer ??= setTimeout(flush, commitAfterMs)
  })

  return {
    leases: () => (db.prepare('SELECT json FROM lease').pluck().all() as string[]).map((json) => JSON.parse(json) as Lease),
    commitLease: (lease) => enqueue(() => { putLease.run(lease.networkId, lease.address, JSON.stringify(lease)) }),
    append: ({ outboxId, ...event }) => enqueue(() => {
      const numbered: JournalEvent = { seq: seq + 1, ...event }
      const { changes } = putEvent.run(numbered.seq, numbered.at, numbered.machineId, numbered.kind, numbered.level, numbered.text, JSON.stringify(numbered.data), outboxId ?? null)
      if (changes === 0) return undefined
      seq += 1
      return numbered
    }),
    lastSeq: () => seq,
    events: ({ machineId, after, limit }) => (machineId === undefined ? ofAll.all(after, limit) : ofMachine.all(machineId, after, limit)).map((row) => toEvent(row as Row)),
    get: (bucket, key) => getFact.get(bucket, key) as string | undefined,
    put: (bucket, key, value) => void putFact.run(bucket, key, value),
    remove: (bucket, key) => void db.prepare('DELETE FROM fact WHERE bucket = ? AND key = ?').run(bucket, key),
    entries: (bucket) => db.prepare('SELECT key, value FROM fact WHERE bucket = ? ORDER BY key').all(bucket) as { key: string; value: string }[],
    prune: (keep) => void db.prepare('DELETE FROM journal WHERE seq <= ?').run(seq - keep),
    close: async () => {
      if (pending.length > 0) flush()
      db.close()
    },
  }
}
