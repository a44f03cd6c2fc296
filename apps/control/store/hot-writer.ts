import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { openHotFile } from './hot-schema.ts'
import { describeTrouble } from './not-stored.ts'
import { verifyDatabase } from './verify-database.ts'

/** One write, as plain values: it crosses a thread. */
export type HotWrite =
  | readonly ['lease', network: string, address: string, mac: string, state: string, started: number, expires: number, more: string]
  | readonly ['event', at: string, machine: string | null, kind: string, level: string, text: string, data: string, outbox: number | null]
  | readonly ['fact', bucket: string, key: string, value: string | null]
  | readonly ['prune', upTo: number, rows: number]

/** Asked of the writer: a batch that shares one commit, or to end. */
export type HotRequest = { readonly batch: readonly HotWrite[] } | 'close'
/**
 * What the writer says. `stored`: for each write of the batch a number (an event's, 0 for an outbox line that was there before, rows pruned)
 * or the reason why that one alone is not on disk. `refused`: nothing of the batch is on disk. `trouble`: the disk's state changed.
 */
export type HotAnswer = { readonly stored: readonly (number | string)[] } | { readonly refused: string } | { readonly trouble: string | null }

const retryMs = 1000

/** The only writer of hot.db. INVARIANTS: one commit at a time, in the order asked; `stored` is said after fsync; while the disk is in trouble nothing is even tried. */
function runWriter(port: MessagePort, file: string): void {
  let store = openWrites(file)
  let trouble: string | undefined

  function recover(): void {
    try {
      store.close()
      verifyDatabase(file)
      store = openWrites(file)
    } catch (error) { // still in trouble: asked again in a second
      const { sentence } = describeTrouble(error)
      if (sentence !== trouble) port.postMessage({ trouble: sentence } satisfies HotAnswer)
      trouble = sentence
      setTimeout(recover, retryMs)
      return
    }
    trouble = undefined
    port.postMessage({ trouble: null } satisfies HotAnswer)
  }

  function commit(batch: readonly HotWrite[]): HotAnswer {
    if (trouble !== undefined) return { refused: trouble }
    try {
      return { stored: store.together(batch) }
    } catch (error) {
      const { isDisk, sentence } = describeTrouble(error)
      if (isDisk) {
        trouble = sentence
        port.postMessage({ trouble } satisfies HotAnswer)
        setTimeout(recover, retryMs)
        return { refused: sentence }
      }
      // One of them cannot be written at all: the others must not suffer.
      if (batch.length === 1) return { stored: [sentence] }
      const each = batch.map((write) => commit([write]))
      return { stored: each.map((answer) => ('stored' in answer ? answer.stored[0] ?? '' : 'refused' in answer ? answer.refused : '')) }
    }
  }

  port.on('message', (request: HotRequest) => {
    if (request !== 'close') return port.postMessage(commit(request.batch))
    store.close()
    port.close()
    process.exit(0)
  })
}

function openWrites(file: string): { together(batch: readonly HotWrite[]): number[]; close(): void } {
  const db: Database.Database = openHotFile(file)
  const putLease = db.prepare('INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const dropLease = db.prepare('DELETE FROM leases WHERE seq = ?')
  const putEvent = db.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (outbox) DO NOTHING')
  const putFact = db.prepare('INSERT OR REPLACE INTO fact VALUES (?, ?, ?)')
  const dropFact = db.prepare('DELETE FROM fact WHERE bucket = ? AND key = ?')
  const prune = db.prepare('DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE seq <= ? ORDER BY seq LIMIT ?)')
  let seq = (db.prepare('SELECT max(seq) FROM journal').pluck().get() as number | null) ?? 0
  let rows: LeaseRows | undefined = readLeaseRows(db)

  function writeLease(one: HotWrite & { 0: 'lease' }): number {
    const kept = rows ??= readLeaseRows(db)
    const name = `${one[1]}\n${one[2]}`
    const before = kept.of.get(name)
    kept.last += 1
    putLease.run(kept.last, one[1], one[2], one[3], one[4], one[5], one[6], one[7])
    if (before !== undefined) dropLease.run(before)
    kept.of.set(name, kept.last)
    return 1
  }
  function write(one: HotWrite): number {
    if (one[0] === 'lease') return writeLease(one)
    if (one[0] === 'fact') return (one[3] === null ? dropFact.run(one[1], one[2]) : putFact.run(one[1], one[2], one[3])).changes
    if (one[0] === 'prune') return prune.run(one[1], one[2]).changes
    const { changes } = putEvent.run(seq + 1, one[1], one[2], one[3], one[4], one[5], one[6], one[7])
    if (changes === 0) return 0
    seq += 1
    return seq
  }
  const all = db.transaction((batch: readonly HotWrite[]) => batch.map(write))
  return {
    together(batch) {
      const before = seq
      try {
        return all(batch)
      } catch (error) {
        seq = before
        // Taken back with the batch: read again before the next one, which a disk in trouble does not reach.
        rows = undefined
        throw error
      }
    },
    close: () => db.close(),
  }
}

/** Which row an address has, and the last row's number. INVARIANT: each address of a network has one row, since a new one goes in with the old one's removal. */
interface LeaseRows { readonly of: Map<string, number>; last: number }

function readLeaseRows(db: Database.Database): LeaseRows {
  const rows = db.prepare('SELECT network, address, seq FROM leases ORDER BY seq').all() as { network: string; address: string; seq: number }[]
  return { of: new Map(rows.map(({ network, address, seq }) => [`${network}\n${address}`, seq])), last: rows.at(-1)?.seq ?? 0 }
}

if (parentPort !== null) runWriter(parentPort, workerData as string)
