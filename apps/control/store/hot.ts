import Database from 'better-sqlite3'
import type { JournalEvent } from '#contract/events'
import type { Lease } from '#netboot/site'
import { openHotFile } from './hot-schema.ts'
import type { HotWrite } from './hot-writer.ts'
import { openHotQueue } from './hot-queue.ts'

/** A journal line that has no number yet. `outboxId` makes a second append of the same line do nothing. */
export interface NewEvent extends Omit<JournalEvent, 'seq'> { readonly outboxId?: number }

/**
 * hot.db: leases, journal and small facts. Writes resolve when they are on disk and reject with `NotStored` where they are not; a
 * rejection that nobody waits for is no error.
 */
export interface HotStore {
  /** All stored leases. */
  leases(): Lease[]
  /** Resolves when the lease is on disk; all that arrive meanwhile share the next commit. */
  commitLease(lease: Lease): Promise<void>
  /** Numbers the event and resolves with it when it is on disk; undefined where its outbox line was appended before. */
  append(event: NewEvent): Promise<JournalEvent | undefined>
  lastSeq(): number
  /** Events after `after`, oldest first, of one machine or of all. */
  events(query: { machineId?: string; after: number; limit: number }): JournalEvent[]
  /** One value of a bucket (settings, secrets, apps), or undefined. */
  get(bucket: string, key: string): string | undefined
  /** Seen by `get` at once, and taken back where it cannot be stored. */
  put(bucket: string, key: string, value: string): Promise<void>
  remove(bucket: string, key: string): Promise<void>
  entries(bucket: string): { key: string; value: string }[]
  /** Drops the oldest journal lines above `keep`, some at a time. */
  prune(keep: number): Promise<void>
  /** Why nothing can be stored now, as a sentence; null while it can. */
  trouble(): string | null
  /** Told when `trouble` changes. */
  onTrouble(listener: (trouble: string | null) => void): void
  /** Commits so far and the writes that wait for one. */
  figures(): { commits: number; writes: number; waiting: number }
  close(): Promise<void>
}

interface Row { seq: number; at: string; machine: string | null; kind: string; level: JournalEvent['level']; text: string; data: string }
interface LeaseRow { network: string; address: string; mac: string; state: string; started: number; expires: number; more: string }
const toEvent = (row: Row): JournalEvent => ({ seq: row.seq, at: row.at, machineId: row.machine, kind: row.kind, level: row.level, text: row.text, data: JSON.parse(row.data) as Record<string, unknown> })
const toLease = (row: LeaseRow): Lease => ({ networkId: row.network, address: row.address, mac: row.mac, state: row.state, startedAtMs: row.started, expiresAtMs: row.expires, ...(JSON.parse(row.more) as object) }) as Lease
const prunedAtOnce = 1000

/**
 * Opens (or makes) hot.db.
 *
 * INVARIANTS: one thread writes and syncs, this one only reads, so no packet waits for the disk; commits are in the order asked; facts
 * are kept in memory, where a failed write is undone unless a later one has replaced it.
 */
export function openHotStore(file: string): HotStore {
  openHotFile(file).close()
  const db = new Database(file, { readonly: true, timeout: 2000 })
  const ofAll = db.prepare('SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?')
  const ofMachine = db.prepare('SELECT * FROM journal WHERE machine = ? AND seq > ? ORDER BY seq LIMIT ?')
  const storedFact = db.prepare('SELECT value FROM fact WHERE bucket = ? AND key = ?').pluck()
  const facts = new Map<string, Map<string, string>>()
  const bucketOf = (bucket: string): Map<string, string> => {
    const present = facts.get(bucket) ?? new Map<string, string>()
    facts.set(bucket, present)
    return present
  }
  for (const { bucket, key, value } of db.prepare('SELECT * FROM fact').all() as { bucket: string; key: string; value: string }[]) bucketOf(bucket).set(key, value)
  let seq = (db.prepare('SELECT max(seq) FROM journal').pluck().get() as number | null) ?? 0
  const queue = openHotQueue(file)
  const latest = new Map<string, HotWrite>()

  async function setFact(bucket: string, key: string, value: string | null): Promise<void> {
    const set = (now: string | null): void => void (now === null ? bucketOf(bucket).delete(key) : bucketOf(bucket).set(key, now))
    const write: HotWrite = ['fact', bucket, key, value]
    const name = `${bucket}\n${key}`
    set(value)
    latest.set(name, write)
    try {
      await queue.push(write)
    } catch (error) {
      if (latest.get(name) === write) set((storedFact.get(bucket, key) as string | undefined) ?? null)
      throw error
    } finally {
      if (latest.get(name) === write) latest.delete(name)
    }
  }
  /** Whoever does not wait for the disk has heard of its trouble by `onTrouble`. */
  const heard = <T>(promise: Promise<T>): Promise<T> => {
    promise.catch(() => undefined)
    return promise
  }

  return {
    leases: () => (db.prepare('SELECT * FROM leases ORDER BY seq').all() as LeaseRow[]).map(toLease),
    async commitLease({ networkId, address, mac, state, startedAtMs, expiresAtMs, ...more }) {
      await queue.push(['lease', networkId, address, mac, state, startedAtMs, expiresAtMs, JSON.stringify(more)])
    },
    async append({ outboxId, ...event }) {
      const number = await queue.push(['event', event.at, event.machineId, event.kind, event.level, event.text, JSON.stringify(event.data), outboxId ?? null])
      if (number === 0) return undefined
      seq = Math.max(seq, number)
      return { seq: number, ...event }
    },
    lastSeq: () => seq,
    events: ({ machineId, after, limit }) => (machineId === undefined ? ofAll.all(after, limit) : ofMachine.all(machineId, after, limit)).map((row) => toEvent(row as Row)),
    get: (bucket, key) => facts.get(bucket)?.get(key),
    put: (bucket, key, value) => heard(setFact(bucket, key, value)),
    remove: (bucket, key) => heard(setFact(bucket, key, null)),
    entries: (bucket) => [...(facts.get(bucket) ?? [])].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1)),
    async prune(keep) {
      while ((await queue.push(['prune', seq - keep, prunedAtOnce])) === prunedAtOnce);
    },
    trouble: () => queue.trouble(),
    onTrouble: (listener) => queue.onTrouble(listener),
    figures: () => queue.figures(),
    async close() {
      await queue.close()
      db.close()
    },
  }
}
