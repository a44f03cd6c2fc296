import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { JournalEvent, LogLine } from '#contract/events'
import type { Claim, Cloud, Image, Machine, Plan, PowerDriverInfo, Role, Status, Transfer } from '#contract/operator-api'
import type { NetworkDesk } from '../networks/desk.ts'
import type { KnownAddresses } from '../people/known-addresses.ts'
import type { PeopleStore } from '../store/people-store.ts'

/**
 * An operator's wish that cannot be met, with a sentence that says what to do. `status`: 400 (no body that can be read), 403 (not for this
 * one), 404, 409 (stale or not allowed now), 413 (too large), 422 (makes no sense) or 503 (not yet).
 */
export class Refusal extends Error {
  readonly status: 400 | 403 | 404 | 409 | 413 | 422 | 503
  constructor(status: Refusal['status'], sentence: string) {
    super(sentence)
    this.status = status
  }
}

/** All that the operator API asks of the rest of control. Wishes reject with a `Refusal` where they cannot be met. */
export interface OperatorDeps {
  readonly version: string
  readonly now: () => Date
  /** Everything of `Status` but who is asking. */
  status(): Omit<z.infer<typeof Status>, 'me'>
  machines(): Machine[]
  /** By id, name or MAC in any spelling. */
  machine(named: string): Machine | undefined
  roles(): Role[]
  powerDrivers(): PowerDriverInfo[]
  claims(): Claim[]
  acceptClaim(id: string, by: string): Promise<Claim>
  rejectClaim(id: string, by: string): Promise<Claim>
  images(): Image[]
  /** What machines fetch now, and who waits. */
  transfers(): Transfer[]
  readonly networks: NetworkDesk
  cloud(): Cloud
  plan(machineId: string, wish: { role: string; disk?: string | undefined }): Plan
  assign(machineId: string, wish: { role: string; generation?: number | undefined; disk?: string | undefined }, by: string): Promise<Machine>
  release(machineId: string, wish: { erase: boolean }, by: string): Promise<Machine>
  retry(machineId: string, by: string): Promise<Machine>
  rename(machineId: string, name: string, by: string): Promise<Machine>
  power(machineId: string, act: 'on' | 'off' | 'cycle', by: string): Promise<Machine>
  setPowerDriver(machineId: string, driver: string, options: Record<string, unknown>, by: string): Promise<Machine>
  forget(machineId: string, by: string): Promise<void>
  events(query: { machineId?: string; after: number; limit: number }): { events: JournalEvent[]; lastSeq: number }
  log(machineId: string, after: number, limit: number): { lines: LogLine[]; nextSeq: number }
  logText(machineId: string): string
  /** Called after the admin has chosen a password of their own: the file with the first one is no longer needed. */
  passwordChosen(): void
  /** Prometheus text. */
  metrics(): string
  /** False with a sentence while something essential (the database, a full disk) is broken. */
  health(): { ok: boolean; detail: string }
  readonly people: PeopleStore
  readonly knownAddresses: KnownAddresses
  /** Adds the routes of the apps module below /api/v1. */
  registerApps(app: FastifyInstance): void
}
