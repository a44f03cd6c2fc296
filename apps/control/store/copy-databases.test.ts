import Database from 'better-sqlite3'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { copyDatabases } from './copy-databases.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'sc-copy-')) })
afterEach(() => rmSync(folder, { recursive: true }))

/** Writes a rising number to the registry and then the same to the other, for ever, with pages enough to be copied in several goes. */
const writer = `const { workerData, parentPort } = require('node:worker_threads')
const Database = require('better-sqlite3')
const [registry, hot] = ['registry.db', 'hot.db'].map((name) => { const db = new Database(workerData + '/' + name); db.pragma('journal_mode = WAL'); db.pragma('synchronous = OFF'); db.exec('CREATE TABLE n (n INTEGER, filler BLOB)'); return db })
const write = (db, n) => db.prepare('INSERT INTO n VALUES (?, zeroblob(3000))').run(n)
for (let n = 1, end = Date.now() + 20000; Date.now() < end; n += 1) { write(registry, n); write(hot, n); if (n === 300) parentPort.postMessage('ready'); if (n > 300) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1) }`

it('copies both as of one instant while a thread writes them without a pause', async () => {
  const thread = new Worker(writer, { eval: true, workerData: folder })
  await new Promise((resolve, reject) => { thread.once('message', resolve).once('error', reject) })
  const seen: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const target = path.join(folder, `copy-${round}`)
    mkdirSync(target)
    await copyDatabases(folder, target)
    const [registry = [], hot = []] = ['registry.db', 'hot.db'].map((name) => {
      const db = new Database(path.join(target, name))
      expect(db.pragma('quick_check', { simple: true })).toBe('ok')
      const rows = db.prepare('SELECT n FROM n ORDER BY n').pluck().all() as number[]
      db.close()
      return rows
    })
    // The writer may stand between the two, and nowhere else.
    expect([0, 1]).toContain(registry.length - hot.length)
    expect(registry).toEqual(Array.from({ length: registry.length }, (_, n) => n + 1))
    seen.push(registry.length)
  }
  expect(seen[4]).toBeGreaterThan(seen[0] ?? 0)
  await thread.terminate()
}, 30_000)
