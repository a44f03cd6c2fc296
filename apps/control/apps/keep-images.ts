import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { registryName } from '#control/roles/docker'
import { factsOf, pushRelease, runDeploy, workFolder } from './deploy-app.ts'
import type { AppDeps } from './deps.ts'
import { hasManifest } from './registry-client.ts'
import { parseStoredApp, type StoredApp } from './stored-app.ts'

const everyMs = 20_000

/** Looks now and then whether the registry still has the image of every app, and sends it again where it has not: the Manager was reinstalled. Runs until `signal` aborts. */
export async function keepImages(deps: AppDeps, signal: AbortSignal): Promise<void> {
  const told = new Set<string>()
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    for (const row of deps.apps.list()) {
      if (signal.aborted) return
      const app = parseStoredApp(row.value)
      if (app.removed || app.running === null || !['serving', 'failed'].includes(app.state)) continue
      await keepImage(deps, app, told, signal).catch(() => undefined) // the registry is away: the next look tells
    }
  }
}

/** One app's image. Rejects where the registry does not answer. */
export async function keepImage(deps: AppDeps, app: StoredApp, told: Set<string>, signal: AbortSignal): Promise<void> {
  const { running, latest, name } = app
  const { primary } = factsOf(deps)
  if (running === null || primary?.address == null || primary.phase !== 'ready') return
  const digest = running.image.slice(running.image.indexOf('@') + 1)
  if (await hasManifest({ name: registryName, address: primary.address }, 'apps', digest, deps.tls(), AbortSignal.any([signal, AbortSignal.timeout(10_000)]))) return void told.delete(name)
  if (!existsSync(path.join(workFolder(deps, name, running.version), 'layer.json'))) {
    if (!told.has(name)) deps.record({ machineId: null, kind: 'app.lost', level: 'error', text: `The image of app ${name} is in the registry no more, and its parts were not kept: deploy it again.`, data: { app: name, version: running.version } })
    told.add(name)
    return
  }
  deps.record({ machineId: null, kind: 'app.pushedAgain', level: 'warn', text: `The registry has lost the image of app ${name}: it is sent again.`, data: { app: name, version: running.version } })
  if (latest.version === running.version) {
    await deps.apps.put(name, { ...app, state: 'pushing', detail: 'sending the image to the registry again', stateSinceMs: Date.now() })
    deps.changed()
    return runDeploy(deps, name, latest.version)
  }
  const release = await pushRelease(deps, name, running, () => undefined)
  const row = deps.apps.find(name)
  const now = row === undefined ? undefined : parseStoredApp(row.value)
  if (now?.running?.version !== running.version) return
  await deps.apps.put(name, { ...now, running: release })
  deps.changed()
}
