import Database from 'better-sqlite3'

/** So much must fit on the disk before writes are taken again. */
const probeBytes = 64 * 1024

/**
 * Makes sure that a database can be trusted and written again after the disk failed. Throws SQLite's error where it cannot.
 *
 * After a failed fsync the kernel calls pages clean that never reached the disk, so what the log file seems to hold proves nothing: a
 * probe is committed, all of the log is written into the database anew and synced, and the whole is checked.
 */
export function verifyDatabase(file: string): void {
  const db = new Database(file, { fileMustExist: true, timeout: 2000 })
  try {
    db.pragma('synchronous = FULL')
    db.exec('CREATE TABLE IF NOT EXISTS "_probe" (bytes BLOB)')
    db.prepare('INSERT INTO "_probe" VALUES (zeroblob(?))').run(probeBytes)
    db.exec('DELETE FROM "_probe"')
    if (db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) !== 0) throw new Error('the database is read too long to be checked')
    const found = db.pragma('quick_check(1)', { simple: true })
    if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' })
  } finally {
    db.close()
  }
}
