import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { enrolmentStore } from './enrolment-store.ts'
import { PrismaClient } from './generated/client.ts'
import { machineStore } from './machine-store.ts'
import { peopleStore } from './people-store.ts'

/** registry.db's client: it lives in the registry's thread only. */
export type RegistryClient = PrismaClient

/** Opens registry.db, which `migrate` has made. What it commits survives a power cut. */
export async function openRegistryClient(file: string): Promise<RegistryClient> {
  const client = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${file}`, timeout: 2000 }) })
  await client.$executeRawUnsafe('PRAGMA synchronous = FULL')
  return client
}

/** The stores over registry.db: a new one is one line. Their methods take and give plain values, because they cross a thread. */
export const registryStores = (client: RegistryClient) => ({ machines: machineStore(client), people: peopleStore(client), enrolments: enrolmentStore(client) })
export type RegistryStores = ReturnType<typeof registryStores>
