import Database from 'better-sqlite3'
import path from 'node:path'

/** The two databases of the state folder. */
export const databaseFiles = ['registry.db', 'hot.db'] as const

const mostTries = 200

/**
 * Copies both databases, as they were at one and the same instant, into `folder`. Their writers go on meanwhile.
 *
 * Each is read under a transaction that pins what was committed when it began. Nothing was committed to the registry between the two
 * beginnings, or it is tried again: so the pair is what a power cut at that instant would have left. Throws where that never succeeds.
 */
export async function copyDatabases(stateDir: string, folder: string): Promise<void> {
  const open = (name: string): Database.Database => new Database(path.join(stateDir, name), { fileMustExist: true, timeout: 5000 })
  const [registry, hot, watcher] = [open(databaseFiles[0]), open(databaseFiles[1]), open(databaseFiles[0])]
  try {
    pinTogether(registry, hot, () => Number(watcher.pragma('data_version', { simple: true })))
    await registry.backup(path.join(folder, databaseFiles[0]))
    await hot.backup(path.join(folder, databaseFiles[1]))
  } finally {
    for (const db of [registry, hot, watcher]) db.close()
  }
}

function pinTogether(registry: Database.Database, hot: Database.Database, version: () => number): void {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const before = version()
    for (const db of [registry, hot]) {
      db.exec('BEGIN')
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
    }
    if (version() === before) return
    for (const db of [registry, hot]) db.exec('ROLLBACK')
  }
  throw new Error('the registry is written without a pause: try again')
}
