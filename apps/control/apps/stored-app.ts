import { z } from 'zod'

/** One version of an app, as it is to run. `image` is a full reference with digest, empty until it was pushed. */
export const Release = z.object({
  version: z.string(), runtime: z.string(), serviceName: z.string().describe('GAE_SERVICE'),
  image: z.string(), replicas: z.number().int(), memoryMb: z.number().int(),
  env: z.record(z.string(), z.string()), entrypoint: z.string(), healthPath: z.string(),
  deployedAt: z.string(), warnings: z.array(z.string()),
})
export type Release = z.infer<typeof Release>

/** What is kept of an app in the apps table. `removed` leaves a tombstone, so that its service is stopped wherever it still runs. */
export const StoredApp = z.object({
  name: z.string(), publishedPort: z.number().int(), removed: z.boolean(),
  /** What the cloud is told to run; null until a first version was pushed. */
  running: Release.nullable(),
  /** The version sent last, and how far it got. */
  latest: Release,
  state: z.enum(['building', 'pushing', 'starting', 'serving', 'failed']),
  detail: z.string(),
  /** Since when the state is what it is, milliseconds since 1970: deadlines count from here, across restarts. */
  stateSinceMs: z.number(),
  /** Swarm node id of the Manager on which it served last: a Manager that is installed anew has another. Empty before the first time. */
  home: z.string().default(''),
})
export type StoredApp = z.infer<typeof StoredApp>

/** The stored app in a row's JSON. Throws where the row is broken: it was written by us. */
export const parseStoredApp = (value: unknown): StoredApp => StoredApp.parse(value)

/** The PostgreSQL database and role of an app: its name with underscores. */
export const databaseName = (app: string): string => `app_${app.replaceAll('-', '_')}`

/** The name under which an app's database password is kept. */
export const databaseSecret = (app: string): string => `app.${app}.database`
