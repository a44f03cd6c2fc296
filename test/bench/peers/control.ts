import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { manifestNames, type FilesManifest } from '#images/build/manifest'
import { controlEngine } from '../../../apps/supervisor/engine.ts'
import { cableCidr, serverAddress, type Server, type World } from '../world.ts'
import { leaseSeconds, type Pool } from './peer.ts'

/** The whole control process over boot servers: registry, journal, logs, the API for machines and for operators. */
export interface ControlServer extends Server {
  /** PEM of its authority. */
  readonly ca: string
  /** How many machines are in each phase, by the operator API. */
  phases(): Promise<Record<string, number>>
  /** How long the operator API took to answer once, in milliseconds. */
  apiMs(): Promise<number>
}

/** Starts control, where it is given them with the boot files of a folder as its ramdisk and with these addresses to give out, and waits until it serves operators. */
export async function startControl(built: string, world: World, { files, pool }: { readonly files?: string; readonly pool?: Pool }): Promise<ControlServer> {
  const home = world.scratch('control')
  const [data, run] = [path.join(home, 'data'), path.join(home, 'run')]
  if (files !== undefined) layOutRamdisk(path.join(data, 'images/ramdisk-0123456789abcdef'), files)
  mkdirSync(run)
  const socketPath = path.join(run, 'operator.sock')
  const server = await world.start('control', {
    argv: [process.execPath, ...controlEngine, path.join(built, 'control.mjs')], listens: { protocol: 'tcp', port: 80 },
    env: {
      NODE_ENV: 'production', SYSTEM_CLOUD_DATA: data, SYSTEM_CLOUD_RUN: run, SYSTEM_CLOUD_ROOT: path.join(import.meta.dirname, '../../..'), SYSTEM_CLOUD_INTERFACE: 'eth0', SYSTEM_CLOUD_ADDRESS: serverAddress, SYSTEM_CLOUD_CIDR: cableCidr,
      SYSTEM_CLOUD_OPERATOR_PORT: '8443', SYSTEM_CLOUD_LAB_DIR: path.join(run, 'qmp'), SYSTEM_CLOUD_LOG: 'warn',
    },
  })
  const ask = (route: string, patch?: object): Promise<unknown> => new Promise((resolve, reject) => {
    const headers = { host: 'localhost', ...(patch === undefined ? {} : { 'content-type': 'application/json' }) }
    http.request({ socketPath, path: `/api/v1/${route}`, method: patch === undefined ? 'GET' : 'PATCH', headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => { text += part }).on('error', reject).on('end', () => {
        if (answer.statusCode === 200) resolve(JSON.parse(text))
        else reject(new Error(`control answers ${answer.statusCode}: ${text.slice(0, 500)}`))
      })
    }).on('error', reject).end(patch === undefined ? undefined : JSON.stringify(patch))
  })
  for (const until = Date.now() + 20_000; ; await wait(100)) {
    const answer = await ask('status').catch((error: unknown) => { if (Date.now() > until) throw error })
    if (answer !== undefined) break
  }
  if (pool !== undefined) await ask('networks/provisioning', { ranges: [pool], leaseSeconds, authoritative: true })
  const pem = readFileSync(path.join(data, 'state/ca/ca.pem'), 'utf8')
  return {
    ...server, ca: pem.slice(0, pem.indexOf('-----BEGIN PRIVATE KEY-----')),
    phases: async () => ((await ask('status')) as { machines: Record<string, number> }).machines,
    async apiMs() {
      const askedAt = performance.now()
      await ask('status')
      return performance.now() - askedAt
    },
  }
}

/** A finished build of the ramdisk and its loaders, as the library finds it. */
export function layOutRamdisk(folder: string, files: string): void {
  mkdirSync(folder, { recursive: true })
  const names = readdirSync(files)
  for (const name of names) copyFileSync(path.join(files, name), path.join(folder, name))
  const manifest: FilesManifest = {
    id: 'ramdisk', hash: '0123456789abcdef', builtAt: '2026-01-01T00:00:00Z',
    files: names.map((name) => ({ name, path: name, sizeBytes: statSync(path.join(files, name)).size, sha256: createHash('sha256').update(readFileSync(path.join(files, name))).digest('hex') })),
  }
  writeFileSync(path.join(folder, manifestNames.files), JSON.stringify(manifest))
}
