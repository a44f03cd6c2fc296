import https from 'node:https'

/** PEM texts: whom to trust, and who we are. */
export interface Tls { readonly ca: string; readonly cert: string; readonly key: string }

/** Where the appliance is; `cert` and `key` once there are some. */
export interface Appliance { readonly url: string; readonly ca: string; readonly cert?: string; readonly key?: string }

/** An answer of the appliance, whatever its status. */
export interface Answer { readonly status: number; readonly body: string }

const longestAnswerBytes = 16 << 20

/** One HTTPS request pinned to the appliance's CA. Rejects where it does not answer within `timeoutMs` (default 20 s). */
export function ask(appliance: Appliance, request: { method: 'GET' | 'POST'; path: string; body?: string; type?: string; signal: AbortSignal; timeoutMs?: number }): Promise<Answer> {
  const url = new URL(request.path, appliance.url)
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs ?? 20_000)])
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`asking ${url.host}${url.pathname}`, { cause: error }))
    const client = https.request(url, {
      method: request.method, signal, agent: agentFor(appliance),
      headers: request.body === undefined ? {} : { 'content-type': request.type ?? 'application/json', 'content-length': Buffer.byteLength(request.body) },
    }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > longestAnswerBytes) response.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      response.on('error', fail)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    })
    client.on('error', fail)
    client.end(request.body)
  })
}

const agents = new Map<string, https.Agent>()

/** One connection pool per certificate: a TLS handshake costs a slow machine a noticeable part of a second. */
function agentFor({ ca, cert, key }: Appliance): https.Agent {
  const name = cert ?? ''
  const known = agents.get(name)
  if (known !== undefined) return known
  const agent = new https.Agent({ ca, cert, key, keepAlive: true, maxSockets: 6, minVersion: 'TLSv1.2' })
  agents.set(name, agent)
  return agent
}
