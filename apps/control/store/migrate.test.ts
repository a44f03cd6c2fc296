import Database from 'better-sqlite3'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { migrate } from './migrate.ts'

function setup(): { file: string; dir: string; add(name: string, sql: string): void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'sc-migrate-'))
  return { file: path.join(dir, 'x.db'), dir, add: (name, sql) => writeFileSync(path.join(dir, name), sql) }
}

describe('migrate', () => {
  it('applies in order, once, with a copy before the second run', () => {
    const s = setup()
    s.add('0001_a.sql', 'CREATE TABLE a (x);')
    expect(migrate(s.file, s.dir)).toEqual(['0001_a.sql'])
    expect(migrate(s.file, s.dir)).toEqual([])
    s.add('0002_b.sql', 'CREATE TABLE b (x);')
    expect(migrate(s.file, s.dir)).toEqual(['0002_b.sql'])
    expect(existsSync(`${s.file}.before-0002`)).toBe(true)
  })

  it('leaves no half of a failing migration', () => {
    const s = setup()
    s.add('0001_a.sql', 'CREATE TABLE a (x); CREATE TABLE a (y);')
    expect(() => migrate(s.file, s.dir)).toThrow('already exists')
    const db = new Database(s.file)
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'a'").get()).toEqual({ n: 0 })
    db.close()
  })

  it('refuses an edited migration and a database from the future', () => {
    const s = setup()
    s.add('0001_a.sql', 'CREATE TABLE a (x);')
    migrate(s.file, s.dir)
    s.add('0001_a.sql', 'CREATE TABLE a (y);')
    expect(() => migrate(s.file, s.dir)).toThrow('was changed')
    const other = setup()
    expect(() => migrate(s.file, other.dir)).toThrow('newer System Cloud')
  })

  it('applies the real ones', () => {
    const s = setup()
    expect(migrate(s.file, path.join(import.meta.dirname, '../../../prisma/migrations')).length).toBeGreaterThan(0)
  })
})
