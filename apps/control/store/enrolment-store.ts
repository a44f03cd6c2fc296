import type { RegistryClient } from './registry-stores.ts'

/** One-time enrolment secrets (hashed) and the certificates that were issued for them. */
export interface EnrolmentStore {
  arm(machineId: string, generation: number, secretHash: string, expiresAt: string): Promise<void>
  /** Uses the secret up. True only for the one caller that has the right, unused, unexpired one. */
  redeem(machineId: string, generation: number, secretHash: string, now: string): Promise<boolean>
  issued(serial: string, machineId: string, now: string): Promise<void>
  revokeAll(machineId: string, now: string): Promise<void>
  /** Serials of all revoked certificates. */
  revoked(): Promise<string[]>
}

/** The enrolment store over registry.db. */
export function enrolmentStore(client: RegistryClient): EnrolmentStore {
  return {
    arm: async (machineId, generation, secretHash, expiresAt) => {
      const row = { generation, secretHash, expiresAt, usedAt: null }
      await client.enrolment.upsert({ where: { machineId }, create: { machineId, ...row }, update: row })
    },
    redeem: async (machineId, generation, secretHash, now) => (await client.enrolment.updateMany({ where: { machineId, generation, secretHash, usedAt: null, expiresAt: { gt: now } }, data: { usedAt: now } })).count === 1,
    issued: async (serial, machineId, now) => void (await client.certificate.create({ data: { serial, machineId, issuedAt: now } })),
    revokeAll: async (machineId, now) => void (await client.certificate.updateMany({ where: { machineId, revokedAt: null }, data: { revokedAt: now } })),
    revoked: async () => (await client.certificate.findMany({ where: { revokedAt: { not: null } } })).map((row) => row.serial),
  }
}
