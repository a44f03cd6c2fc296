import Database from 'better-sqlite3'

/**
 * Carries what was revoked or used up in one registry.db into another: revoked certificates and tokens stay revoked, and one-time secrets that were
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
      // The audit trail remembers which tokens were revoked; they are named there by the first 16 digits of their hash.
      db.exec(`INSERT INTO main.Audit (at, user, act, target, detail) SELECT at, user, act, target, detail FROM newer.Audit n
        WHERE act = 'token.revoked' AND NOT EXISTS (SELECT 1 FROM main.Audit m WHERE m.act = 'token.revoked' AND m.target = n.target)`)
      db.exec("DELETE FROM main.Token WHERE substr(hash, 1, 16) IN (SELECT target FROM main.Audit WHERE act = 'token.revoked')")
      return db.prepare(`INSERT INTO main.Certificate (serial, machineId, issuedAt, revokedAt) SELECT serial, machineId, issuedAt, revokedAt FROM newer.Certificate WHERE revokedAt IS NOT NULL
        ON CONFLICT (serial) DO UPDATE SET revokedAt = excluded.revokedAt WHERE Certificate.revokedAt IS NULL`).run().changes
    })()
  } finally {
    db.close()
  }
}
