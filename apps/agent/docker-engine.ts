import http from 'node:http'

/** The Engine's answer: status and body, parsed where it was JSON. */
export interface EngineAnswer { readonly status: number; readonly body: unknown }

/**
 * Docker Engine over its socket. Not the docker program: join tokens and the environment of services are secrets, which must not
 * stand in an argument list, and on a slow machine each start of the program costs a second.
 */
export interface Engine {
  /** One request, e.g. `POST`, `/swarm/init`. Rejects where the socket does not answer. */
  ask(method: string, path: string, body?: unknown): Promise<EngineAnswer>
  /** An answer without end, e.g. logs. Aborting ends it. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>>
}

const apiVersion = '/v1.44'

/** An `Engine` on a Unix socket. */
export function dockerEngine(socketPath = '/var/run/docker.sock'): Engine {
  return {
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
        const request = http.request({ socketPath, method, path: apiVersion + path, timeout: 120_000, headers: payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length } }, (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parseBody(Buffer.concat(chunks).toString()) }))
        })
        request.on('timeout', () => request.destroy(new Error('Docker did not answer within 120 s')))
        request.on('error', reject)
        request.end(payload)
      }),
    stream: (path, signal) =>
      new Promise((resolve, reject) => {
        const request = http.get({ socketPath, path: apiVersion + path, signal }, (response) => {
          if (response.statusCode === 200) return resolve(response)
          response.resume()
          reject(new Error(`Docker answered ${response.statusCode} to ${path.split('?')[0]}`))
        })
        request.on('error', reject)
      }),
  }
}

/** Asks and insists on a status below 400; the error quotes Docker's own message. */
export async function mustAsk(engine: Engine, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await engine.ask(method, path, body)
  if (answer.status < 400) return answer.body
  const message = isRecord(answer.body) && typeof answer.body['message'] === 'string' ? answer.body['message'] : String(answer.body)
  throw new Error(`Docker refused ${method} ${path.split('?')[0]}: ${message.slice(0, 1500)}`)
}

/** Whether a value is an object with string keys. */
export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function parseBody(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text // Docker's proxies and old errors answer in plain text; the caller quotes it
  }
}
