import Database from 'better-sqlite3'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { carryRevocations } from './carry-revocations.ts'
import { migrate } from './migrate.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'sc-carry-'))
const [older, newer] = ['older.db', 'newer.db'].map((name) => path.join(folder, name)) as [string, string]
const on = <T>(file: string, work: (db: Database.Database) => T): T => { const db = new Database(file); try { return work(db) } finally { db.close() } }
const certificate = (file: string, serial: string, revokedAt: string | null): void => void on(file, (db) => db.prepare('INSERT INTO Certificate VALUES (?, ?, ?, ?)').run(serial, 'm1', '2026-01-01', revokedAt))
const secret = (file: string, machine: string, hash: string, usedAt: string | null): void => void on(file, (db) => db.prepare('INSERT INTO Enrolment VALUES (?, 1, ?, ?, ?)').run(machine, hash, '2026-01-02', usedAt))

beforeAll(() => { for (const file of [older, newer]) migrate(file, path.join(import.meta.dirname, '../../../prisma/migrations')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what was revoked or used after a backup stays so in it, and nothing else is changed', () => {
  for (const [serial, before, after] of [['good', null, null], ['lost', null, '2026-01-05'], ['old', '2026-01-03', '2026-01-03']] as const) { certificate(older, serial, before); certificate(newer, serial, after) }
  certificate(newer, 'issued-and-revoked-since', '2026-01-06')
  certificate(newer, 'issued-since', null)
  for (const [machine, hash, before, after] of [['m1', 'a', null, '2026-01-05'], ['m2', 'b', null, null]] as const) { secret(older, machine, hash, before); secret(newer, machine, hash, after) }
  secret(older, 'm3', 'armed again since', null)
  secret(newer, 'm3', 'another', '2026-01-05')
  expect([carryRevocations(newer, older), carryRevocations(newer, older)]).toEqual([2, 0])
  expect(on(older, (db) => db.prepare('SELECT serial, revokedAt FROM Certificate ORDER BY serial').raw().all())).toEqual([['good', null], ['issued-and-revoked-since', '2026-01-06'], ['lost', '2026-01-05'], ['old', '2026-01-03']])
  expect(on(older, (db) => db.prepare('SELECT machineId, usedAt FROM Enrolment ORDER BY machineId').raw().all())).toEqual([['m1', '2026-01-05'], ['m2', null], ['m3', null]])
})

test('a token that was revoked after a backup is not in it again, however old the backup; the others are', () => {
  const [kept, revoked] = ['ab', 'cd'].map((digits) => digits.repeat(32)) as [string, string]
  for (const hash of [kept, revoked]) on(older, (db) => db.prepare('INSERT INTO Token VALUES (?, ?, ?, ?)').run(hash, 'admin', hash.slice(0, 2), '2026-01-01'))
  on(newer, (db) => db.prepare("INSERT INTO Audit (at, user, act, target, detail) VALUES ('2026-01-02', 'admin', 'token.revoked', ?, 'cd')").run(revoked.slice(0, 16)))
  carryRevocations(newer, older)
  carryRevocations(newer, older)
  expect(on(older, (db) => db.prepare('SELECT hash FROM Token').pluck().all())).toEqual([kept])
  expect(on(older, (db) => db.prepare("SELECT target FROM Audit WHERE act = 'token.revoked'").pluck().all())).toEqual([revoked.slice(0, 16)])
})

test('a file that is no registry is an error, and leaves the other as it was', () => {
  expect(() => carryRevocations(path.join(folder, 'absent', 'x.db'), older)).toThrow()
  expect(on(older, (db) => db.prepare('SELECT count(*) FROM Certificate').pluck().get())).toBe(4)
})
