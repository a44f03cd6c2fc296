import { createReadStream } from 'node:fs'
import https from 'node:https'
import { lookupAt } from '#control/roles/probe'
import type { ApplianceTls } from '#control/roles/role'
import type { Layer } from './build-layer.ts'
import { manifestType, type Blob } from './image-manifest.ts'

/** What to push: layers from files, config and manifest from memory. */
export interface PushedImage { readonly layers: readonly Layer[]; readonly config: Blob; readonly manifest: Blob }

/** Where the image registry is: its name as references have it, and the address that the name has now. */
export interface RegistryPlace { readonly name: string; readonly address: string }

/**
 * Pushes an image over the registry HTTP API v2, blobs first, manifest last. A blob that is there already is not sent again, so that
 * the runtime base travels once. Rejects with a sentence where the registry refuses or is away.
 *
 * TLS is pinned to the appliance's CA and shows its client certificate
 */
export async function pushImage(registry: RegistryPlace, repository: string, tag: string, image: PushedImage, tls: ApplianceTls, say: (text: string) => void, signal: AbortSignal): Promise<void> {
  const agent = agentFor(registry, tls)
  const base = `https://${registry.name}/v2/${repository}`
  try {
    for (const [index, layer] of image.layers.entries()) {
      await sendBlob(layer.digest, layer.sizeBytes, () => createReadStream(layer.file), `layer ${index + 1} of ${image.layers.length}`)
    }
    await sendBlob(image.config.digest, image.config.bytes.length, () => image.config.bytes, 'image configuration')
    const put = await ask('PUT', `${base}/manifests/${tag}`, { 'content-type': manifestType, 'content-length': image.manifest.bytes.length }, image.manifest.bytes)
    if (put.status !== 201) throw new Error(`the image registry refused the manifest (${put.status}): ${put.body}`)
  } finally {
    agent.destroy()
  }

  async function sendBlob(digest: string, size: number, body: () => Buffer | NodeJS.ReadableStream, what: string): Promise<void> {
    const head = await ask('HEAD', `${base}/blobs/${digest}`, {})
    if (head.status === 200) return
    say(`sending ${what}, ${Math.ceil(size / 1024)} KiB`)
    const begun = await ask('POST', `${base}/blobs/uploads/`, { 'content-length': 0 })
    if (begun.status !== 202 || begun.location === undefined) throw new Error(`the image registry refused an upload (${begun.status}): ${begun.body}`)
    const place = new URL(begun.location, base)
    place.host = new URL(base).host // a registry behind another name would send us elsewhere with our certificate
    place.protocol = 'https:'
    place.searchParams.set('digest', digest)
    const put = await ask('PUT', place.href, { 'content-type': 'application/octet-stream', 'content-length': size }, body())
    if (put.status !== 201) throw new Error(`the image registry did not take the ${what} (${put.status}): ${put.body}`)
  }

  function ask(method: string, url: string, headers: Record<string, string | number>, body?: Buffer | NodeJS.ReadableStream) {
    return request(agent, registry.name, signal, method, url, headers, body)
  }
}

/** Whether the registry has a manifest of this digest. Rejects with a sentence where it is away. */
export async function hasManifest(registry: RegistryPlace, repository: string, digest: string, tls: ApplianceTls, signal: AbortSignal): Promise<boolean> {
  const agent = agentFor(registry, tls)
  try {
    const { status } = await request(agent, registry.name, signal, 'HEAD', `https://${registry.name}/v2/${repository}/manifests/${digest}`, { accept: manifestType })
    if (status !== 200 && status !== 404) throw new Error(`the image registry answered ${status}`)
    return status === 200
  } finally {
    agent.destroy()
  }
}

const agentFor = ({ address }: RegistryPlace, tls: ApplianceTls): https.Agent => new https.Agent({ ca: tls.ca, cert: tls.cert, key: tls.key, keepAlive: true, lookup: lookupAt(address) })

function request(agent: https.Agent, name: string, signal: AbortSignal, method: string, url: string, headers: Record<string, string | number>, body?: Buffer | NodeJS.ReadableStream): Promise<{ status: number; location: string | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`the image registry at ${name} does not answer`, { cause: error }))
    const sent = https.request(url, { method, headers, agent, signal, timeout: 60_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => { if (text.length < 2000) text += chunk })
      response.on('error', fail)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, location: response.headers.location, body: text.slice(0, 500) }))
    })
    sent.on('timeout', () => sent.destroy(new Error('nothing for 60 s')))
    sent.on('error', fail)
    if (body === undefined || Buffer.isBuffer(body)) return void sent.end(body)
    body.on('error', (error: Error) => sent.destroy(error))
    body.pipe(sent)
  })
}
