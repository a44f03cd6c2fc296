import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cloudFacts, type CloudFacts } from '#control/cloud/facts'
import { hearManager } from '#control/cloud/hear-manager'
import { registryName } from '#control/roles/docker'
import type { AppDeps } from './deps.ts'
import { judgeStart, readAppInstances } from './app-view.ts'
import { buildLayer, type Layer } from './build-layer.ts'
import { renderImage } from './image-manifest.ts'
import { pushImage } from './registry-client.ts'
import { probeRoute } from './route-probe.ts'
import { readRuntimeBase } from './runtime-base.ts'
import { parseStoredApp, type Release, type StoredApp } from './stored-app.ts'

/** Where one version's archive and layer are kept until it serves. */
export const workFolder = (deps: AppDeps, app: string, version: string): string => path.join(deps.dataDir, 'apps', app, version)

/**
 * Takes an app from `building` to `serving` or `failed`, going on from the state that is stored: called for a new version and, for
 * every app in between, at start. A newer version of the same app ends it silently. Never rejects.
 */
export async function runDeploy(deps: AppDeps, name: string, version: string): Promise<void> {
  try {
    if (read()?.state === 'building') await build()
    if (read()?.state === 'pushing') await push()
    while (read()?.state === 'starting') await watch()
  } catch (error) {
    await settle('failed', error instanceof Error ? sentences(error) : String(error))
  }

  function read(): StoredApp | undefined {
    const row = deps.apps.find(name)
    const app = row === undefined ? undefined : parseStoredApp(row.value)
    return app === undefined || app.removed || app.latest.version !== version ? undefined : app
  }

  function write(change: Partial<StoredApp>): void {
    const app = read()
    if (app === undefined) return
    const next = { ...app, ...change, stateSinceMs: change.state === undefined || change.state === app.state ? app.stateSinceMs : Date.now() }
    if (JSON.stringify(next) === JSON.stringify(app)) return
    void deps.apps.put(name, next)
    deps.changed()
  }

  async function build(): Promise<void> {
    const folder = workFolder(deps, name, version)
    const layer = await buildLayer(path.join(folder, 'app.tar'), path.join(folder, 'layer.tar.gz'))
    await writeFile(path.join(folder, 'layer.json'), JSON.stringify(layer), { mode: 0o600 })
    write({ state: 'pushing', detail: 'sending the image to the registry' })
  }

  async function push(): Promise<void> {
    const app = read()
    if (app === undefined) return
    const release = await pushRelease(deps, name, app.latest, (detail) => write({ detail }))
    write({ state: 'starting', detail: 'waiting for the Manager to place instances', latest: release, running: release })
  }

  async function watch(): Promise<void> {
    await sleep(1000)
    const app = read()
    if (app === undefined || app.state !== 'starting') return
    const { primary, domain } = facts()
    const { manager, blindness } = hearManager(deps.machines(), deps.now())
    const instances = blindness === null ? readAppInstances(name, manager, deps.machines()) : []
    const route = primary?.address == null ? 'there is no Manager' : await probeRoute(primary.address, `${name}.${domain}`)
    const task = primary?.report?.tasks.find((one) => [`app-${name}`, `database-${name}`].includes(one.id) && one.status === 'failed')
    const { state, detail } = judgeStart(instances, app.latest.image, app.latest.replicas, route, task?.detail, Date.now() - app.stateSinceMs)
    if (state === 'starting') write({ detail })
    else await settle(state, detail)
  }

  async function settle(state: 'serving' | 'failed', detail: string): Promise<void> {
    if (read() === undefined) return
    const log = state === 'failed' ? lastLines(deps, name, 8) : ''
    // The first Manager stays on record until somebody deploys again: an image that is sent anew does not bring its data back.
    const home = read()?.home || (state === 'serving' ? facts().primary?.report?.swarm?.nodeId : undefined)
    write({ ...(home === undefined ? {} : { home }), state, detail: (log === '' ? detail : `${detail}\n${log}`).slice(0, 4000) })
    deps.record({ machineId: null, kind: state === 'serving' ? 'app.served' : 'app.failed', level: state === 'serving' ? 'info' : 'error', text: `App ${name} ${version} ${state === 'serving' ? 'serves' : 'failed'}: ${detail}`.slice(0, 1000), data: { app: name, version } })
    await dropOthers(deps, name, read()?.running?.version)
  }

  function facts(): CloudFacts {
    return factsOf(deps)
  }
}

/** The cloud as any of its machines sees it. Throws a sentence where there is none. */
export function factsOf(deps: Pick<AppDeps, 'machines' | 'roleContext'>): CloudFacts {
  const machine = deps.machines()[0]
  const context = machine === undefined ? undefined : deps.roleContext(machine.id)
  if (context === undefined) throw new Error('there is no machine: assign a Manager and an AppServer first')
  return cloudFacts(context)
}

/** Sends a release's image to the registry, from the layer that is kept of it. Resolves with the release and its image's reference: another base gives another. */
export async function pushRelease(deps: AppDeps, name: string, release: Release, say: (detail: string) => void): Promise<Release> {
  const { primary } = factsOf(deps)
  const baseDir = deps.runtimeBaseDir()
  if (primary?.address == null || baseDir === undefined) throw new Error(baseDir === undefined ? 'the runtime base image is not built yet: see Images' : 'there is no Manager any more: assign a Manager')
  const base = await readRuntimeBase(baseDir)
  const folder = workFolder(deps, name, release.version)
  const layer = { ...(JSON.parse(await readFile(path.join(folder, 'layer.json'), 'utf8')) as Layer), file: path.join(folder, 'layer.tar.gz') }
  const layers = [base.layer, layer]
  const { config, manifest } = renderImage(layers, release.entrypoint, release.deployedAt)
  const place = { name: registryName, address: primary.address }
  await retrying(3, () => pushImage(place, 'apps', `${name}-${release.version}`, { layers, config, manifest }, deps.tls(), say, AbortSignal.timeout(900_000)))
  return { ...release, image: `${registryName}/apps@${manifest.digest}` }
}

/** Keeps the layer of the version that runs, for a registry that has lost it, and drops the rest. */
async function dropOthers(deps: AppDeps, name: string, running: string | undefined): Promise<void> {
  const home = path.join(deps.dataDir, 'apps', name)
  const versions = await readdir(home).catch(() => []) // an app that failed before its folder was made has none
  for (const version of versions) if (version !== running) await rm(path.join(home, version), { recursive: true, force: true })
  if (running !== undefined) await rm(path.join(home, running, 'app.tar'), { force: true })
}

/** Goes on with every app that was between two states when control stopped. */
export function resumeDeploys(deps: AppDeps): void {
  for (const row of deps.apps.list()) {
    const app = parseStoredApp(row.value)
    if (app.removed || app.state === 'serving' || app.state === 'failed') continue
    if (app.state !== 'starting' && !existsSync(workFolder(deps, app.name, app.latest.version))) {
      void deps.apps.put(app.name, { ...app, state: 'failed', detail: 'the appliance was restarted before the folder was stored: deploy it again' })
    } else void runDeploy(deps, app.name, app.latest.version)
  }
}

/** Makes the folder of a new version, empty. */
export async function makeWorkFolder(deps: AppDeps, app: string, version: string): Promise<string> {
  const folder = workFolder(deps, app, version)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}

function lastLines(deps: AppDeps, app: string, count: number): string {
  let last: string[] = []
  for (let after = 0; ; ) {
    const page = deps.readLog(app, after, 1000)
    last = [...last, ...page.lines.map((line) => line.text)].slice(-count)
    if (page.lines.length < 1000 || page.nextSeq <= after) return last.join('\n')
    after = page.nextSeq
  }
}

async function retrying(tries: number, attempt: () => Promise<void>): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      return await attempt()
    } catch (error) {
      if (left <= 1) throw error
      await sleep(3000)
    }
  }
}

const sentences = (error: Error): string => (error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message)
