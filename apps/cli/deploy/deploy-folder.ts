import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '#contract/operator-api'
import type { Api } from '../appliance/api.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { count, renderBytes } from '../show/amount.ts'
import { untrusted } from '../show/table.ts'
import { mayPass } from '../wait/wait-for.ts'
import { packFolder } from './pack-folder.ts'

/** How a deploy is followed. */
export interface Following { readonly timeoutMs: number; readonly signal: AbortSignal; say(text: string): void }

const pollMs = 1000

/** Sends the folder and follows the app until it serves or failed. Returns it in that state; throws on time-out or refusal. */
export async function deployFolder(openApi: () => Api, folder: string, following: Following): Promise<App> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw wrongCall(`${folder} is not a folder`)
  if (!existsSync(path.join(folder, 'app.yaml'))) throw wrongCall(`${folder} has no app.yaml: it says runtime, entrypoint and handlers, as for App Engine`)
  const api = openApi()
  const packed = await packFolder(folder)
  following.say(`Sending ${count(packed.files, 'file')}, ${renderBytes(packed.tar.length)}`)
  const sent = await api.deploy(packed.tar)
  const startedAt = Date.now()
  let told = ''
  let app = sent
  for (;;) {
    // An earlier version goes on serving meanwhile: only the one just sent ends the wait.
    const ours = app.version === sent.version
    const now = `${app.name} ${sent.version}: ${ours ? app.state : 'waiting'}${ours && app.detail !== '' ? `, ${untrusted(app.detail)}` : ''}`
    if (now !== told) following.say(now)
    told = now
    if (ours && (app.state === 'serving' || app.state === 'failed')) return app
    if (Date.now() - startedAt > following.timeoutMs) throw new CliFailure(`${now} after ${Math.round(following.timeoutMs / 1000)} s: see "systemcloud apps logs ${app.name}"`)
    await sleep(pollMs, undefined, { signal: following.signal })
    try {
      app = await api.app(sent.name)
    } catch (error) {
      // The appliance may restart while an app is built; it goes on where it was.
      if (!mayPass(error)) throw error
    }
  }
}
