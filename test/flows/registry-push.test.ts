import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { pack } from 'tar-stream'
import { buildLayer, type Layer } from '#control/apps/build-layer'
import type { AppDeps } from '#control/apps/deps'
import { manifestType, renderImage } from '#control/apps/image-manifest'
import { balancerWatch } from '#control/apps/watch-apps'
import { keepImage } from '#control/apps/keep-images'
import { hasManifest, pushImage } from '#control/apps/registry-client'
import { parseStoredApp } from '#control/apps/stored-app'
import { openAuthority, type Authority } from '#control/ca/authority'
import { registryHost, registryName } from '#control/roles/docker'
import { lookupAt, probeHttp } from '#control/roles/probe'
import type { ApplianceTls } from '#control/roles/role'
import { sampleContext } from '../sim/sample-cloud.ts'

/** Debian's own docker-registry, with TLS and client certificates as a Manager configures it. */
const installed = spawnSync('docker-registry', ['--version']).error === undefined
let folder: string
let registry: ChildProcess | undefined
/** A loopback address of its own, so that the port can be the real one. */
const address = '127.0.0.90'
const name = registryName
let authority: Authority
let tls: ApplianceTls

beforeAll(async () => {
  if (!installed) throw new Error('docker-registry is missing: run scripts/install test')
  folder = mkdtempSync(path.join(tmpdir(), 'sc-registry-'))
  authority = await openAuthority(path.join(folder, 'ca'))
  // The registry has an agent's certificate: its key made by openssl, its names given by the authority.
  execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path.join(folder, 'agent.key')])
  const csr = execFileSync('openssl', ['req', '-new', '-key', path.join(folder, 'agent.key'), '-subj', '/CN=m1']).toString()
  const signed = await authority.signAgent(csr, { commonName: 'm1', dns: ['node-m1', registryHost], ips: [] })
  if (!signed.ok) throw new Error(signed.fault.kind)
  writeFileSync(path.join(folder, 'agent.crt'), signed.value.cert)
  writeFileSync(path.join(folder, 'ca.pem'), authority.pem)
  tls = { ca: authority.pem, ...(await authority.own('appliance', { commonName: 'appliance', dns: [], ips: ['127.0.0.1'] })) }
  writeFileSync(path.join(folder, 'config.yml'), `version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: ${folder}/data}}
http:
  addr: ${address}:5000
  tls: {certificate: ${folder}/agent.crt, key: ${folder}/agent.key, clientcas: [${folder}/ca.pem]}
`)
  registry = spawn('docker-registry', ['serve', path.join(folder, 'config.yml')], { stdio: 'ignore' })
  await vi.waitUntil(async () => (await probeHttp(`https://${name}/v2/`, AbortSignal.timeout(5000), tls, address)) === null, { timeout: 60_000 })
})

afterAll(() => {
  registry?.kill()
  if (installed) rmSync(folder, { recursive: true, force: true })
})

test('an image is pushed whole, the base only once, and not without a certificate', async () => {
  const base = bytesAsLayer('the base')
  const said: string[] = []
  const digests: string[] = []
  for (const version of ['v1', 'v2']) {
    const layers = [base, await appLayer(version)]
    const image = { layers, ...renderImage(layers, 'node server.js', '2026-01-02T03:04:05.000Z') }
    await pushImage(place(), 'apps', `shop-${version}`, image, tls, (text) => said.push(text.replace(/,.*/, '')), AbortSignal.timeout(20_000))
    digests.push(image.manifest.digest)
    const stored = await get(`/v2/apps/manifests/${image.manifest.digest}`, tls)
    expect(stored.status).toBe(200)
    expect(await hasManifest(place(), 'apps', image.manifest.digest, tls, AbortSignal.timeout(5000))).toBe(true)
    expect(`sha256:${createHash('sha256').update(stored.body).digest('hex')}`).toBe(image.manifest.digest)
  }
  expect(said).toEqual(['sending layer 1 of 2', 'sending layer 2 of 2', 'sending image configuration', 'sending layer 2 of 2', 'sending image configuration'])
  expect(new Set(digests).size).toBe(2)
  expect(await hasManifest(place(), 'apps', `sha256:${'0'.repeat(64)}`, tls, AbortSignal.timeout(5000))).toBe(false)

  await expect(get('/v2/', { ca: tls.ca, cert: '', key: '' })).rejects.toThrow(/certificate|ECONNRESET|socket/)
  expect(await probeHttp(`https://${name}/v2/`, AbortSignal.timeout(5000), tls, address)).toBeNull()
})

test('an image that the registry has lost is sent again, once, and nothing happens where it is there', async () => {
  const home = path.join(folder, 'apps-of-control')
  const version = path.join(home, 'apps/shop/v9')
  mkdirSync(version, { recursive: true })
  const layer = await appLayer('v9')
  copyFileSync(layer.file, path.join(version, 'layer.tar.gz'))
  writeFileSync(path.join(version, 'layer.json'), JSON.stringify({ ...layer, file: '/nowhere' }))
  const base = bytesAsLayer('the base')
  writeFileSync(path.join(folder, 'layer.json'), JSON.stringify({ path: path.basename(base.file), sha256: base.digest.slice(7), diffId: base.diffId.slice(7), sizeBytes: base.sizeBytes }))
  const release = { version: 'v9', runtime: 'nodejs', serviceName: 'shop', image: `${registryName}/apps@sha256:${'1'.repeat(64)}`, replicas: 1, memoryMb: 256, env: {}, entrypoint: 'node server.js', healthPath: '/', deployedAt: '2026-01-02T03:04:05.000Z', warnings: [] }
  // A newer version failed: what runs is the older one, and it must come back as it was.
  const stored = new Map<string, unknown>([['shop', { name: 'shop', publishedPort: 30_000, removed: false, running: release, latest: { ...release, version: 'v10' }, state: 'failed', detail: '', stateSinceMs: 0 }]])
  const told: string[] = []
  const context = sampleContext('m1')
  const machines = context.machines.map((machine) => (machine.id === 'm1' ? { ...machine, address } : machine))
  const deps: AppDeps = {
    dataDir: home, door: () => ({ address: null, loopbackPort: 0 }), runtimeBaseDir: () => folder, machines: () => machines, roleContext: () => ({ ...context, machines }), tls: () => tls, secret: () => 's', setting: () => undefined, setSetting: () => undefined,
    apps: { list: () => [...stored].map(([appName, value]) => ({ name: appName, value })), find: (appName) => ({ name: appName, value: stored.get(appName) }), put: async (appName, value) => void stored.set(appName, value), remove: async () => undefined },
    record: (line) => void told.push(line.kind), log: () => undefined, readLog: () => ({ lines: [], nextSeq: 0 }), changed: () => void told.push('changed'), redraw: () => undefined, balancer: balancerWatch(), now: Date.now,
  }
  const look = () => keepImage(deps, parseStoredApp(stored.get('shop')), new Set(), AbortSignal.timeout(20_000))
  await look()
  expect(told).toEqual(['app.pushedAgain', 'changed'])
  const { running } = parseStoredApp(stored.get('shop'))
  expect(running?.image).toMatch(/^registry\.system-cloud\.internal:5000\/apps@sha256:/)
  expect((await get(`/v2/apps/manifests/${running?.image.split('@')[1]}`, tls)).status).toBe(200)
  await look()
  expect(told).toHaveLength(2)
})

test('a blob that is not what its digest says is refused with a sentence', async () => {
  const broken = { ...bytesAsLayer('one thing'), digest: `sha256:${'0'.repeat(64)}` }
  const image = { layers: [broken], ...renderImage([broken], 'x', '2026-01-02T03:04:05.000Z') }
  await expect(pushImage(place(), 'apps', 'bad', image, tls, () => undefined, AbortSignal.timeout(20_000))).rejects.toThrow(/did not take the layer 1 of 1 \(400\)/)
})

/** The registry by its name alone: its certificate names no address. */
const place = () => ({ name, address })

async function appLayer(text: string): Promise<Layer> {
  const tar = pack()
  tar.entry({ name: 'app.yaml' }, text)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  const archive = path.join(folder, `${text}.tar`)
  writeFileSync(archive, Buffer.concat(chunks))
  return buildLayer(archive, path.join(folder, `${text}.tar.gz`))
}

function bytesAsLayer(text: string): Layer {
  const file = path.join(folder, `${text}.gz`)
  const tar = Buffer.alloc(1024, text)
  writeFileSync(file, gzipSync(tar))
  const sha = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { file, digest: sha(readFileSync(file)), diffId: sha(tar), sizeBytes: readFileSync(file).length }
}

function get(resource: string, { ca, cert, key }: ApplianceTls): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    https.get(`https://${name}${resource}`, { ca, ...(cert === '' ? {} : { cert, key }), agent: false, lookup: lookupAt(address), headers: { accept: manifestType } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
    }).on('error', reject)
  })
}
