import Database from 'better-sqlite3'

const version = 2

// In the order in which they were stored, not by address: what a thousand machines are given in one second is then written to a few pages
// side by side, where each address of its own would have written a page of its own. That an address has one row is the writer's to keep.
const leases = `
CREATE TABLE leases (seq INTEGER PRIMARY KEY, network TEXT NOT NULL, address TEXT NOT NULL, mac TEXT NOT NULL, state TEXT NOT NULL, started INTEGER NOT NULL, expires INTEGER NOT NULL, more TEXT NOT NULL);
`
// Compact rows: what is looked at often has columns, the rest of a lease is one JSON text.
const schema = `
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, machine TEXT, kind TEXT NOT NULL, level TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, outbox INTEGER UNIQUE);
CREATE INDEX IF NOT EXISTS journal_machine ON journal (machine, seq);
CREATE TABLE IF NOT EXISTS fact (bucket TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (bucket, key));
`

/** Leases as the first version kept them: one JSON text each. */
const fromVersion0 = `
INSERT INTO leases (network, address, mac, state, started, expires, more) SELECT network, address, json_extract(json, '$.mac'), json_extract(json, '$.state'), json_extract(json, '$.startedAtMs'), json_extract(json, '$.expiresAtMs'),
  json_remove(json, '$.networkId', '$.address', '$.mac', '$.state', '$.startedAtMs', '$.expiresAtMs') FROM lease;
DROP TABLE lease;
`

/** Leases as the second version kept them: by address. */
const fromVersion1 = `
ALTER TABLE leases RENAME TO leases1;
${leases}
INSERT INTO leases (network, address, mac, state, started, expires, more) SELECT network, address, mac, state, started, expires, more FROM leases1;
DROP TABLE leases1;
`

/** Opens hot.db for writing: WAL, synchronous = FULL, so that what was committed survives a power cut. Makes or updates its tables. */
export function openHotFile(file: string): Database.Database {
  const db = new Database(file, { timeout: 2000 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  if (db.pragma('user_version', { simple: true }) !== version) db.transaction(() => {
    db.exec(schema)
    const has = (table: string): boolean => db.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table) !== undefined
    db.exec(has('leases') ? fromVersion1 : leases)
    if (has('lease')) db.exec(fromVersion0)
    db.pragma(`user_version = ${version}`)
  })()
  return db
}
