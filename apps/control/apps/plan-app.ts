import { appNamePattern, appWarnings, instanceClasses, instancesOf, runtimeLanguage } from '#contract/app-yaml'
import { fault, ok, type Result } from '#contract/result'
import { explainAppYaml, parseAppYaml } from './parse-app-yaml.ts'
import type { RuntimeBase } from './runtime-base.ts'
import type { ScannedFolder } from './scan-folder.ts'
import type { Release } from './stored-app.ts'

/** Why a folder cannot run here, as finished sentences. */
export type PlanFault = { kind: 'refused'; sentence: string }

/** What a release is before it has a version, a time and an image. */
export type PlannedApp = { name: string } & Pick<Release, 'runtime' | 'serviceName' | 'replicas' | 'memoryMb' | 'env' | 'entrypoint' | 'healthPath' | 'warnings'>

/** Decides how the app in a scanned folder runs on the runtime base. Pure. */
export function planApp(folder: ScannedFolder, base: Pick<RuntimeBase, 'python' | 'nodejs'>): Result<PlannedApp, PlanFault> {
  const parsed = parseAppYaml(folder.texts.get('app.yaml') ?? '')
  if (!parsed.ok) return refused(explainAppYaml(parsed.fault))
  const yaml = parsed.value
  if (yaml.service === undefined || !appNamePattern.test(yaml.service)) return refused('app.yaml must name the app: add a line such as "service: guestbook". Its address will be guestbook.<domain of the cloud>.')
  const language = runtimeLanguage(yaml.runtime)
  const missing = language === 'python' ? missingPython(folder, base.python.packages) : missingNode(folder, base.nodejs.packages)
  if (missing !== undefined) return refused(missing)
  const entrypoint = yaml.entrypoint ?? (language === 'python' ? pythonEntrypoint(folder, base.python.packages) : nodeEntrypoint(folder))
  if (entrypoint === undefined) return refused(language === 'python' ? 'There is no main.py and app.yaml has no entrypoint: add one of them.' : 'There is no server.js, package.json has no "start" script and app.yaml has no entrypoint: add one of them.')
  return ok({
    name: yaml.service, serviceName: yaml.service, runtime: yaml.runtime, replicas: instancesOf(yaml), memoryMb: instanceClasses[yaml.instance_class ?? 'F1'],
    env: yaml.env_variables, entrypoint, healthPath: '/', warnings: appWarnings(yaml, { python: base.python.version, nodejs: base.nodejs.version }),
  })
}

const refused = (sentence: string) => fault({ kind: 'refused', sentence })

function missingPython(folder: ScannedFolder, packages: readonly string[]): string | undefined {
  const has = new Set(packages.map(normal))
  const vendored = new Set([...folder.names].flatMap((name) => { const match = /^lib\/([^/]+?)(-[^/]*\.dist-info)?(\.py)?(\/|$)/.exec(name); return match?.[1] === undefined ? [] : [normal(match[1])] }))
  const wanted = (folder.texts.get('requirements.txt') ?? '').split('\n').map((line) => line.replace(/(^|\s)#.*$/, '').trim()).filter((line) => line !== '')
  const strange = wanted.find((line) => !/^[A-Za-z0-9]/.test(line) || line.includes('://'))
  if (strange !== undefined) return `requirements.txt has ${JSON.stringify(strange.slice(0, 100))}: only plain package names are understood. Put other packages into lib/ (pip install -t lib ...).`
  const missing = wanted.map((line) => /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(line)?.[0] ?? line).filter((name) => !has.has(normal(name)) && !vendored.has(normal(name)))
  if (missing.length === 0) return undefined
  return `requirements.txt asks for ${missing.slice(0, 10).join(', ')}, which the runtime does not have. It has ${packages.join(', ')}. Put others into lib/: pip install -t lib ${missing.slice(0, 10).join(' ')}`
}

/** PEP 503: names that differ in case, `-`, `_` and `.` are one. psycopg2-binary is psycopg2 with its library inside. */
const normal = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '-').replace(/^psycopg2-binary$/, 'psycopg2')

function missingNode(folder: ScannedFolder, packages: readonly string[]): string | undefined {
  const wanted = readPackage(folder)
  if (wanted === 'broken') return 'package.json is not JSON.'
  const missing = wanted.dependencies.filter((name) => !packages.includes(name) && !folder.names.has(`node_modules/${name}/package.json`))
  if (missing.length === 0) return undefined
  return `package.json asks for ${missing.slice(0, 10).join(', ')}, which the runtime does not have. It has ${packages.length === 0 ? 'Node.js alone' : packages.join(', ')}. Run npm ci --omit=dev and deploy the folder with its node_modules.`
}

function readPackage(folder: ScannedFolder): 'broken' | { dependencies: string[]; start: string | undefined; main: string | undefined } {
  const text = folder.texts.get('package.json')
  if (text === undefined) return { dependencies: [], start: undefined, main: undefined }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'broken' // the caller says so
  }
  const { dependencies, scripts, main } = value as { dependencies?: unknown; scripts?: { start?: unknown } | null; main?: unknown }
  return {
    dependencies: typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : [],
    start: typeof scripts?.start === 'string' && !/[\n\r\0]/.test(scripts.start) ? scripts.start : undefined,
    main: typeof main === 'string' && /^[\w./-]+$/.test(main) ? main : undefined,
  }
}

function pythonEntrypoint(folder: ScannedFolder, packages: readonly string[]): string | undefined {
  if (!folder.names.has('main.py')) return undefined
  return packages.includes('gunicorn') ? 'gunicorn -b :$PORT main:app' : 'python3 main.py'
}

/** The start script itself rather than `npm start`: npm costs seconds and memory, and swallows signals. */
function nodeEntrypoint(folder: ScannedFolder): string | undefined {
  const described = readPackage(folder)
  if (described === 'broken') return undefined
  if (described.start !== undefined) return described.start
  if (folder.names.has('server.js')) return 'node server.js'
  return described.main !== undefined && folder.names.has(described.main.replace(/^\.\//, '')) ? `node ${described.main}` : undefined
}
