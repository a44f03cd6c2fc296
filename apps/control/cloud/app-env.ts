import type { Release } from '#control/apps/stored-app'

/** The port on which every instance listens inside its container. */
export const instancePort = 8080

/**
 * An instance's environment: App Engine's variables, then the database's, over what app.yaml gives.
 * `{{.Task.ID}}` is expanded by Swarm for each instance.
 */
export function appEnv(name: string, app: Pick<Release, 'version' | 'runtime' | 'serviceName' | 'memoryMb' | 'env' | 'deployedAt'>, databaseHost: string, database: { name: string; password: string }): Record<string, string> {
  return {
    ...app.env,
    PORT: String(instancePort),
    GAE_APPLICATION: name,
    GAE_DEPLOYMENT_ID: String(Date.parse(app.deployedAt)),
    GAE_ENV: 'standard',
    GAE_INSTANCE: '{{.Task.ID}}',
    GAE_MEMORY_MB: String(app.memoryMb),
    GAE_RUNTIME: app.runtime,
    GAE_SERVICE: app.serviceName,
    GAE_VERSION: app.version,
    GOOGLE_CLOUD_PROJECT: name,
    NODE_ENV: app.env['NODE_ENV'] ?? 'production',
    DATABASE_URL: `postgresql://${database.name}:${encodeURIComponent(database.password)}@${databaseHost}:5432/${database.name}`,
    PGHOST: databaseHost,
    PGPORT: '5432',
    PGDATABASE: database.name,
    PGUSER: database.name,
    PGPASSWORD: database.password,
  }
}
