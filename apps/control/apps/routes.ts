import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { App, LogPage } from '#contract/operator-api'
import { cloudDomain } from '#control/cloud/facts'
import { nothing, stream } from '#control/http/answers'
import { Refusal } from '#control/http/deps'
import { PageQuery } from '#control/http/machine-routes'
import { viewApp } from './app-view.ts'
import { makeWorkFolder, runDeploy } from './deploy-app.ts'
import type { AppDeps } from './deps.ts'
import { explainAppYaml, parseAppYaml } from './parse-app-yaml.ts'
import { planApp, type PlannedApp } from './plan-app.ts'
import { readRuntimeBase } from './runtime-base.ts'
import { explainFolder, scanFolder } from './scan-folder.ts'
import { parseStoredApp, type StoredApp } from './stored-app.ts'

const mostBytes = 512 * 1024 * 1024
const firstPort = 30_000

/** The routes of apps below /api/v1. There are two servers with them, so what goes on after a restart is begun elsewhere (`resumeDeploys`). */
export function registerAppRoutes(app: FastifyInstance, deps: AppDeps): void {
  app.addContentTypeParser(['application/x-tar', 'application/octet-stream'], (_request, payload, done) => done(null, payload))

  const api = app.withTypeProvider<ZodTypeProvider>()
  const view = (stored: StoredApp) => viewOf(deps, stored)
  const find = (name: string): StoredApp => {
    const stored = findStored(deps, name)
    if (stored === undefined || stored.removed) throw new Refusal(404, `There is no app “${name.slice(0, 60)}”: see the list of apps.`)
    return stored
  }
  const Named = z.object({ name: z.string() })

  api.get('/apps', { schema: { response: { 200: z.array(App) } } }, async () => viewApps(deps))
  api.get('/apps/:name', { schema: { params: Named, response: { 200: App } } }, async (request) => view(find(request.params.name)))
  api.get('/apps/:name/log', { schema: { params: Named, querystring: PageQuery, response: { 200: LogPage } } }, async (request) => deps.readLog(find(request.params.name).name, request.query.after, request.query.limit))
  api.delete('/apps/:name', { schema: { params: Named, response: { 204: nothing } } }, async (request, reply) => {
    const stored = find(request.params.name)
    await deps.apps.put(stored.name, { ...stored, removed: true, running: null })
    await rm(path.join(deps.dataDir, 'apps', stored.name), { recursive: true, force: true })
    deps.record({ machineId: null, kind: 'app.removed', level: 'info', text: `App ${stored.name} was removed; its database is kept.`, data: { app: stored.name } })
    deps.changed()
    return reply.code(204).send()
  })
  api.post('/apps', { bodyLimit: mostBytes, schema: { consumes: ['application/x-tar', 'application/octet-stream'], body: stream('The app’s folder with its app.yaml, as a tar archive'), response: { 202: App } } }, async (request, reply) => {
    const body = request.body as Readable | undefined
    if (body === undefined || typeof body.pipe !== 'function') throw new Refusal(400, 'Send the app’s folder as a tar archive with the content type application/x-tar.')
    const upload = path.join(deps.dataDir, 'apps', `.upload-${randomBytes(8).toString('hex')}`)
    await mkdir(path.dirname(upload), { recursive: true, mode: 0o700 })
    try {
      await pipeline(body, bounded(mostBytes), createWriteStream(upload, { mode: 0o600 }))
      const stored = await accept(deps, upload)
      void runDeploy(deps, stored.name, stored.latest.version)
      return await reply.code(202).send(view(stored))
    } finally {
      await rm(upload, { force: true })
    }
  })
}

/** All apps that were not removed, by name. */
const listApps = (deps: Pick<AppDeps, 'apps'>): StoredApp[] => deps.apps.list().map((row) => parseStoredApp(row.value)).filter((app) => !app.removed).sort((a, b) => (a.name < b.name ? -1 : 1))

/** All apps as operators see them: what the cloud page shows. */
export const viewApps = (deps: ViewDeps): App[] => listApps(deps).map((app) => viewOf(deps, app))

type ViewDeps = Pick<AppDeps, 'apps' | 'setting' | 'machines' | 'door' | 'balancer' | 'now'>

const viewOf = (deps: ViewDeps, app: StoredApp): App => viewApp(app, cloudDomain(deps), deps.machines(), deps.door(), deps.balancer.sight(app.name, deps.now()), deps.now())

async function accept(deps: AppDeps, upload: string): Promise<StoredApp> {
  const folder = await scanFolder(createReadStream(upload))
  if (!folder.ok) throw new Refusal(422, explainFolder(folder.fault))
  // What is wrong with the file is told whether or not there is a runtime yet.
  const yaml = parseAppYaml(folder.value.texts.get('app.yaml') ?? '')
  if (!yaml.ok) throw new Refusal(422, explainAppYaml(yaml.fault))
  const baseDir = deps.runtimeBaseDir()
  if (baseDir === undefined) throw new Refusal(503, 'The runtime base image is not built yet: wait until Images shows it as ready.')
  const planned = planApp(folder.value, await readRuntimeBase(baseDir))
  if (!planned.ok) throw new Refusal(422, planned.fault.sentence)
  for (const [role, title] of [['manager', 'a Manager'], ['appserver', 'an AppServer']]) {
    if (!deps.machines().some((m) => m.role === role && !m.releasing && m.phase === 'ready')) throw new Refusal(409, `No machine is ready as ${title}: assign one and wait until it is ready.`)
  }
  const stored = newVersion(deps, planned.value, new Date())
  const work = await makeWorkFolder(deps, stored.name, stored.latest.version)
  await rename(upload, path.join(work, 'app.tar'))
  await deps.apps.put(stored.name, stored)
  deps.record({ machineId: null, kind: 'app.sent', level: 'info', text: `App ${stored.name} ${stored.latest.version} was sent.`, data: { app: stored.name, version: stored.latest.version } })
  deps.changed()
  return stored
}

/** The app with a new latest version. What runs goes on until the new image is pushed; the port stays the app's for ever. */
function newVersion(deps: AppDeps, { name, ...planned }: PlannedApp, now: Date): StoredApp {
  const before = findStored(deps, name)
  const version = now.toISOString().replaceAll(/[-:.Z]/g, '').toLowerCase()
  return {
    name, removed: false, running: before?.removed === false ? before.running : null, publishedPort: before?.publishedPort ?? freePort(deps),
    latest: { ...planned, version, image: '', deployedAt: now.toISOString() }, state: 'building', detail: 'making the image', stateSinceMs: now.getTime(), home: '',
  }
}

function freePort(deps: AppDeps): number {
  const taken = new Set(deps.apps.list().map((row) => parseStoredApp(row.value).publishedPort))
  for (let port = firstPort; port < 32_768; port += 1) if (!taken.has(port)) return port
  throw new Refusal(409, 'All ports for apps are taken: remove an app that is not needed.')
}

function findStored(deps: Pick<AppDeps, 'apps'>, name: string): StoredApp | undefined {
  const row = deps.apps.find(name)
  return row === undefined ? undefined : parseStoredApp(row.value)
}

/** Ends the upload with 413 where it is longer than `most` bytes, whatever its header said. */
function bounded(most: number): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length
      if (size > most) done(new Refusal(413, `The folder is larger than ${most / 1024 / 1024} MiB: leave out what the app does not need with a .gcloudignore.`))
      else done(null, chunk)
    },
  })
}
