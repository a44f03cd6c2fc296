import Database from 'better-sqlite3'

/**
 * Carries what was revoked or used up in one registry.db into another: revoked certificates stay revoked, and one-time secrets that were
 * used stay used, though the other file is older. Doing it again changes nothing. Returns how many certificates it revoked there; throws
 * where either file cannot be read.
 */
export function carryRevocations(from: string, to: string): number {
  const db = new Database(to, { fileMustExist: true })
  try {
    db.prepare('ATTACH ? AS newer').run(from)
    return db.transaction(() => {
      db.exec(`UPDATE main.Enrolment SET usedAt = (SELECT n.usedAt FROM newer.Enrolment n WHERE n.machineId = Enrolment.machineId AND n.secretHash = Enrolment.secretHash)
        WHERE usedAt IS NULL AND EXISTS (SELECT 1 FROM newer.Enrolment n WHERE n.machineId = Enrolment.machineId AND n.secretHash = Enrolment.secretHash AND n.usedAt IS NOT NULL)`)
      return db.prepare(`INSERT INTO main.Certificate (serial, machineId, issuedAt, revokedAt) SELECT serial, machineId, issuedAt, revokedAt FROM newer.Certificate WHERE revokedAt IS NOT NULL
        ON CONFLICT (serial) DO UPDATE SET revokedAt = excluded.revokedAt WHERE Certificate.revokedAt IS NULL`).run().changes
    })()
  } finally {
    db.close()
  }
}
