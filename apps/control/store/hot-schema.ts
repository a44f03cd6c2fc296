import Database from 'better-sqlite3'

const version = 1

// Compact rows: what is looked at often has columns, the rest of a lease is one JSON text.
const schema = `
CREATE TABLE IF NOT EXISTS leases (network TEXT NOT NULL, address TEXT NOT NULL, mac TEXT NOT NULL, state TEXT NOT NULL, started INTEGER NOT NULL, expires INTEGER NOT NULL, more TEXT NOT NULL, PRIMARY KEY (network, address)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, machine TEXT, kind TEXT NOT NULL, level TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, outbox INTEGER UNIQUE);
CREATE INDEX IF NOT EXISTS journal_machine ON journal (machine, seq);
CREATE TABLE IF NOT EXISTS fact (bucket TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (bucket, key));
`

/** Leases as the first version kept them: one JSON text each. */
const fromVersion0 = `
INSERT OR REPLACE INTO leases SELECT network, address, json_extract(json, '$.mac'), json_extract(json, '$.state'), json_extract(json, '$.startedAtMs'), json_extract(json, '$.expiresAtMs'),
  json_remove(json, '$.networkId', '$.address', '$.mac', '$.state', '$.startedAtMs', '$.expiresAtMs') FROM lease;
DROP TABLE lease;
`

/** Opens hot.db for writing: WAL, synchronous = FULL, so that what was committed survives a power cut. Makes or updates its tables. */
export function openHotFile(file: string): Database.Database {
  const db = new Database(file, { timeout: 2000 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  if (db.pragma('user_version', { simple: true }) !== version) db.transaction(() => {
    db.exec(schema)
    if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'lease'").get() !== undefined) db.exec(fromVersion0)
    db.pragma(`user_version = ${version}`)
  })()
  return db
}
