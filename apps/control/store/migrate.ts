import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The migrations that this version has, in order. */
export const migrationNames = (migrationsDir: string): string[] => readdirSync(migrationsDir).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()

/**
 * Brings a SQLite file to the newest migration: `NNNN_name.sql` files in order, one transaction each, after a backup copy of the file.
 *
 * Returns the names that were applied. Throws, with the file untouched by the failing one, where an applied migration was edited
 * afterwards, where one is missing, or where one fails.
 */
export function migrate(file: string, migrationsDir: string): string[] {
  const fresh = !existsSync(file)
  const db = new Database(file)
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.exec('CREATE TABLE IF NOT EXISTS "_migrations" (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)')
    const applied = new Map((db.prepare('SELECT name, checksum FROM "_migrations"').all() as { name: string; checksum: string }[]).map((row) => [row.name, row.checksum]))
    const known = migrationNames(migrationsDir)
    const lost = [...applied.keys()].filter((name) => !known.includes(name))
    if (lost.length > 0) throw new Error(`the database was written by a newer System Cloud (it has ${lost.join(', ')}): install that version again`)
    const wanted = known.map((name) => ({ name, sql: readFileSync(path.join(migrationsDir, name), 'utf8') })).map((one) => ({ ...one, checksum: createHash('sha256').update(one.sql).digest('hex') }))
    for (const one of wanted) if (applied.has(one.name) && applied.get(one.name) !== one.checksum) throw new Error(`migration ${one.name} was changed after it was applied: restore the file`)
    const pending = wanted.filter((one) => !applied.has(one.name))
    if (pending.length > 0 && !fresh) {
      db.pragma('wal_checkpoint(TRUNCATE)')
      copyFileSync(file, `${file}.before-${pending[0]?.name.slice(0, 4)}`)
    }
    const record = db.prepare('INSERT INTO "_migrations" (name, checksum, applied_at) VALUES (?, ?, ?)')
    for (const one of pending) db.transaction(() => {
      db.exec(one.sql)
      record.run(one.name, one.checksum, new Date().toISOString())
    })()
    return pending.map((one) => one.name)
  } finally {
    db.close()
  }
}
