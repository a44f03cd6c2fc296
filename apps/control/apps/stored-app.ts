import { z } from 'zod'

/** What is kept of an app in the apps table. `removed` leaves a tombstone, so that its service is stopped wherever it still runs. */
export const StoredApp = z.object({
  name: z.string(),
  version: z.string(),
  runtime: z.string(),
  serviceName: z.string().describe('GAE_SERVICE'),
  /** Full image reference with digest, empty until it was pushed once. */
  image: z.string(),
  publishedPort: z.number().int(),
  replicas: z.number().int(),
  memoryMb: z.number().int(),
  env: z.record(z.string(), z.string()),
  healthPath: z.string(),
  state: z.enum(['building', 'pushing', 'starting', 'serving', 'failed']),
  detail: z.string(),
  deployedAt: z.string(),
  warnings: z.array(z.string()),
  removed: z.boolean(),
})
export type StoredApp = z.infer<typeof StoredApp>

/** The stored app in a row's JSON. Throws where the row is broken: it was written by us. */
export const parseStoredApp = (value: unknown): StoredApp => StoredApp.parse(value)

/** The PostgreSQL database and role of an app: its name with underscores. */
export const databaseName = (app: string): string => `app_${app.replaceAll('-', '_')}`

/** The name under which an app's database password is kept. */
export const databaseSecret = (app: string): string => `app.${app}.database`
