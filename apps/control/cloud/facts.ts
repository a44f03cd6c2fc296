import { databaseName, databaseSecret, parseStoredApp, type Release } from '#control/apps/stored-app'
import type { CloudMachine, RoleContext } from '#control/roles/role'
import { appEnv } from './app-env.ts'

/** An app as the roles must run it. `image` is a full reference with digest; `env` holds secrets (DATABASE_URL). */
export interface AppFacts {
  readonly name: string
  readonly domain: string
  readonly image: string
  readonly replicas: number
  readonly publishedPort: number
  readonly env: Readonly<Record<string, string>>
  readonly memoryMb: number
  readonly healthPath: string
  readonly database: { readonly name: string; readonly password: string }
}

/** The cloud around a machine. A value: a role's tasks are a pure function of it. */
export interface CloudFacts {
  /** Apps live at `<name>.<domain>`. */
  readonly domain: string
  /** The subnets of the appliance and of the cloud's machines, e.g. `10.77.0.0/24`. */
  readonly cidrs: readonly string[]
  readonly managers: readonly CloudMachine[]
  readonly appServers: readonly CloudMachine[]
  /** The Manager that began the Swarm and holds registry and database; undefined while there is none. */
  readonly primary: CloudMachine | undefined
  /** Swarm join tokens, empty until the primary has reported them. Secrets: never logged. */
  readonly tokens: { readonly worker: string; readonly manager: string }
  readonly apps: readonly AppFacts[]
  /** Names of services that must not run any more. */
  readonly removedApps: readonly string[]
}

/** Where a cloud's apps live unless the setting `cloud.domain` says otherwise. */
const defaultDomain = 'lab.test'

/** What `cloudFacts` and its kin need of a role's context. */
export type FactSource = Pick<RoleContext, 'machines' | 'apps' | 'cidrs' | 'secret' | 'setting' | 'setSetting'>

/** The cloud's facts from what is stored and reported. Remembers (setSetting) who is primary and the join tokens, so that a restart of control changes no target. */
export function cloudFacts(source: FactSource): CloudFacts {
  const managers = members(source.machines, 'manager')
  const primary = rememberPrimary(source, managers)
  const domain = cloudDomain(source)
  const stored = source.apps.map((row) => parseStoredApp(row.value))
  const databaseHost = primary?.address ?? ''
  return {
    domain, cidrs: source.cidrs, managers, appServers: members(source.machines, 'appserver'), primary,
    tokens: primary === undefined ? { worker: '', manager: '' } : rememberTokens(source, primary),
    apps: stored.flatMap((app) => (app.removed || app.running === null ? [] : [appFacts(app, app.running, domain, databaseHost, source.secret(databaseSecret(app.name)))])),
    removedApps: stored.filter((app) => app.removed).map((app) => app.name),
  }
}

/** The domain under which apps get their names. */
export const cloudDomain = (source: Pick<FactSource, 'setting'>): string => source.setting('cloud.domain') ?? defaultDomain

function appFacts(app: { name: string; publishedPort: number }, release: Release, domain: string, databaseHost: string, password: string): AppFacts {
  const { name, publishedPort } = app
  const { image, replicas, memoryMb, healthPath } = release
  const database = { name: databaseName(name), password }
  return { name, domain: `${name}.${domain}`, image, replicas, publishedPort, env: appEnv(name, release, databaseHost, database), memoryMb, healthPath, database }
}

function members(machines: readonly CloudMachine[], role: string): CloudMachine[] {
  return machines.filter((m) => m.role === role && !m.releasing && m.phase !== 'retired').sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** The primary stays who it is until it leaves the cloud; then the first ready Manager, else the first of them, follows. */
function rememberPrimary(source: FactSource, managers: readonly CloudMachine[]): CloudMachine | undefined {
  const remembered = managers.find((m) => m.id === source.setting('cloud.primary'))
  const primary = remembered ?? managers.find((m) => m.phase === 'ready') ?? managers[0]
  if (primary !== undefined && remembered === undefined) source.setSetting('cloud.primary', primary.id)
  return primary
}

/** Tokens as last reported by this primary in its present generation: a reinstalled Manager begins another Swarm. */
function rememberTokens(source: FactSource, primary: CloudMachine): CloudFacts['tokens'] {
  const key = `${primary.id} ${primary.generation}`
  const swarm = primary.report?.generation === primary.generation ? primary.report.swarm : null
  if (swarm != null && swarm.role === 'manager' && swarm.workerToken !== '') {
    const value = [key, swarm.workerToken, swarm.managerToken].join('\n')
    if (source.setting('cloud.swarmTokens') !== value) source.setSetting('cloud.swarmTokens', value)
  }
  const [keptKey, worker = '', manager = ''] = (source.setting('cloud.swarmTokens') ?? '').split('\n')
  return keptKey === key ? { worker, manager } : { worker: '', manager: '' }
}
