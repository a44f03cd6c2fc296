import { z } from 'zod'

/** Memory of an instance by App Engine's instance class, in MiB. */
export const instanceClasses = { F1: 384, F2: 768, F4: 1536, F4_1G: 3072, B1: 384, B2: 768, B4: 1536, B4_1G: 3072, B8: 3072 } as const

/** The name of an app: also a DNS label, a Swarm service and, with underscores, a database. */
export const appNamePattern = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/

const count = z.number('must be a number').int('must be a whole number').min(0, 'must not be negative').max(100, 'must be 100 at most')

/** Variables that the platform sets itself. */
const reserved = /^(PORT|GAE_.*|GOOGLE_CLOUD_PROJECT)$/

const Runtime = z.string('must name a runtime, e.g. python3 or nodejs').superRefine((runtime, context) => {
  const refused = refuseRuntime(runtime)
  if (refused !== undefined) context.addIssue({ code: 'custom', message: refused })
})

const Handler = z.looseObject({
  url: z.string('must be a pattern that begins with /').startsWith('/', 'must begin with /'),
  static_dir: z.string().optional(), static_files: z.string().optional(), upload: z.string().optional(),
  script: z.string().optional(), secure: z.enum(['always', 'never', 'optional'], 'must be always, never or optional').optional(),
})

/**
 * App Engine's second-generation app.yaml, as far as this cloud runs it. Unknown keys are kept for the warnings; what would change
 * an app's meaning if it were ignored is refused.
 */
export const AppYaml = z.looseObject({
  runtime: Runtime,
  service: z.string('must be a text').regex(appNamePattern, 'must be lower-case letters, digits and hyphens, beginning with a letter, 40 at most').optional(),
  entrypoint: z.string('must be one line of shell').min(1, 'must not be empty').max(2000, 'must be 2000 characters at most').regex(/^[^\0\n\r]*$/, 'must be one line').optional(),
  env_variables: z.record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not a name for an environment variable').refine((name) => !reserved.test(name), 'is set by the platform and cannot be given'),
    z.union([z.string(), z.number(), z.boolean()], 'must be a text, a number or a boolean').transform(String),
  ).default({}),
  instance_class: z.enum(Object.keys(instanceClasses) as [keyof typeof instanceClasses], `must be one of ${Object.keys(instanceClasses).join(', ')}`).optional(),
  automatic_scaling: z.looseObject({ min_instances: count.optional(), max_instances: count.optional() }).optional(),
  basic_scaling: z.looseObject({ max_instances: count, idle_timeout: z.string().optional() }).optional(),
  manual_scaling: z.looseObject({ instances: count.min(1, 'must be 1 at least') }).optional(),
  handlers: z.array(Handler, 'must be a list').max(200, 'must be 200 at most').default([]),
  inbound_services: z.array(z.string(), 'must be a list').default([]),
}).superRefine((yaml, context) => {
  const scalings = (['automatic_scaling', 'basic_scaling', 'manual_scaling'] as const).filter((key) => yaml[key] !== undefined)
  if (scalings.length > 1) context.addIssue({ code: 'custom', path: [scalings[1] ?? ''], message: `cannot stand beside ${scalings[0] ?? ''}: give one of them` })
  const { min_instances: least = 0, max_instances: most = 100 } = yaml.automatic_scaling ?? {}
  if (least > most) context.addIssue({ code: 'custom', path: ['automatic_scaling', 'min_instances'], message: 'must not be above max_instances' })
  for (const key of ['vpc_access_connector', 'beta_settings', 'api_config', 'threadsafe', 'libraries', 'app_engine_apis', 'builtins', 'skip_files', 'application']) {
    const why = firstGeneration[key]
    if (yaml[key] !== undefined && yaml[key] !== false && why !== undefined) context.addIssue({ code: 'custom', path: [key], message: why })
  }
})
export type AppYaml = z.infer<typeof AppYaml>

const bundled = 'asks for App Engine\'s bundled services (ndb, datastore, memcache, users), which this cloud does not emulate: use the PostgreSQL database in DATABASE_URL'
const firstGeneration: Readonly<Record<string, string>> = {
  app_engine_apis: bundled, api_config: bundled, builtins: bundled,
  threadsafe: 'belongs to the first generation of App Engine: take it out',
  libraries: 'belongs to the first generation of App Engine: name the packages in requirements.txt',
  application: 'belongs to the first generation of App Engine: name the app with "service:"',
  skip_files: 'belongs to the first generation of App Engine: use .gcloudignore',
  vpc_access_connector: 'names a network that this cloud does not have: take it out',
}

/** Which language a runtime is: `python` or `nodejs`. */
export const runtimeLanguage = (runtime: string): 'python' | 'nodejs' => (runtime.startsWith('python') ? 'python' : 'nodejs')

function refuseRuntime(runtime: string): string | undefined {
  if (/^(python27|python2.*)$/.test(runtime)) return `${runtime} is the first generation of App Engine and is not supported: use python3`
  if (/^(python3\d{0,2}|nodejs\d{0,2})$/.test(runtime)) return undefined
  if (runtime === 'custom') return 'custom (a Dockerfile) is not supported yet: use python3 or nodejs'
  return `${JSON.stringify(runtime.slice(0, 40))} is not supported: use python3 or nodejs`
}

/** What differs from App Engine and should be read before the app is relied on, as sentences. */
export function appWarnings(yaml: AppYaml, bases: { python: string; nodejs: string }): string[] {
  const language = runtimeLanguage(yaml.runtime)
  const asked = /\d.*$/.exec(yaml.runtime)?.[0] ?? ''
  const has = bases[language]
  const warnings: string[] = []
  if (asked !== '' && asked !== '3' && has !== '' && asked !== has.replace('.', '')) warnings.push(`The runtime ${yaml.runtime} runs on ${language} ${has}, which is what this cloud has.`)
  if (yaml.handlers.some((h) => h.static_dir !== undefined || h.static_files !== undefined)) warnings.push('Static handlers are not served by the load balancer yet: the app itself must answer those URLs.')
  if (yaml.handlers.some((h) => h.secure === 'always')) warnings.push('"secure: always" has no effect yet: the load balancer has no certificate for the domain.')
  if (yaml.basic_scaling !== undefined) warnings.push('basic_scaling runs a fixed number of instances: they are not stopped when idle.')
  if (yaml.automatic_scaling !== undefined) warnings.push('automatic_scaling runs a fixed number of instances (min_instances, at least 2) for now.')
  const known = new Set(Object.keys(AppYaml.shape))
  const ignored = Object.keys(yaml).filter((key) => !known.has(key))
  if (ignored.length > 0) warnings.push(`Ignored: ${ignored.join(', ').slice(0, 300)}.`)
  return warnings
}

/** How many instances run: manual says it; else at least two, so that one may fail, within min and max. */
export function instancesOf(yaml: AppYaml): number {
  if (yaml.manual_scaling !== undefined) return yaml.manual_scaling.instances
  const most = yaml.automatic_scaling?.max_instances ?? yaml.basic_scaling?.max_instances ?? 100
  return Math.max(1, Math.min(Math.max(2, yaml.automatic_scaling?.min_instances ?? 2), most))
}
