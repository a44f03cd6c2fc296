import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'

/** A request of a simulated machine, from its own address. */
export interface HttpWish {
  readonly url: string
  readonly from: string
  readonly signal: AbortSignal
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly body?: string
  readonly token?: string
  /** PEM of the authority that an https server must be certified by. */
  readonly ca?: string
  /** Keep the text; else only its length is counted. */
  readonly keep?: boolean
}

/** What came. `complete`: as many bytes as the server had announced. */
export interface HttpAnswer { readonly status: number; readonly text: string; readonly sizeBytes: number; readonly complete: boolean }

const patienceMs = 60_000
const pauseMs = 10

/** Asks once; undefined where nobody answers or the connection breaks. Rejects only when `signal` aborts. */
export async function fetchHttp(wish: HttpWish): Promise<HttpAnswer | undefined> {
  for (;;) {
    const answer = await askOnce(wish)
    wish.signal.throwIfAborted()
    if (answer !== 'not-ours-yet') return answer
    // The address was leased this very moment: the kernel has it a little later.
    await wait(pauseMs, undefined, { signal: wish.signal })
  }
}

function askOnce(wish: HttpWish): Promise<HttpAnswer | 'not-ours-yet' | undefined> {
  const headers = { ...(wish.token === undefined ? {} : { authorization: `Bearer ${wish.token}` }), ...(wish.body === undefined ? {} : { 'content-length': Buffer.byteLength(wish.body), 'content-type': 'text/plain' }) }
  return new Promise((resolve) => {
    const options = { method: wish.method ?? 'GET', headers, agent: false, localAddress: wish.from, timeout: patienceMs, signal: wish.signal }
    const take = (answer: IncomingMessage): void => { receive(answer, wish).then(resolve, () => resolve(undefined)) }
    const url = new URL(wish.url)
    const request = url.protocol === 'https:' ? https.request(url, { ...options, ...(wish.ca === undefined ? {} : { ca: wish.ca }) }, take) : http.request(url, options, take)
    request.on('timeout', () => request.destroy())
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRNOTAVAIL' ? 'not-ours-yet' : undefined))
    request.end(wish.body)
  })
}

async function receive(answer: IncomingMessage, wish: HttpWish): Promise<HttpAnswer> {
  let sizeBytes = 0
  const parts: Buffer[] = []
  for await (const part of answer as AsyncIterable<Buffer>) {
    sizeBytes += part.length
    if (wish.keep) parts.push(part)
  }
  const announced = answer.headers['content-length']
  return { status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8'), sizeBytes, complete: wish.method === 'HEAD' || announced === undefined || Number(announced) === sizeBytes }
}
