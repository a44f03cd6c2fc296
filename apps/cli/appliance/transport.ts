import { createWriteStream } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Target } from './find.ts'

/** One HTTP answer, read to its end. */
export interface Answer { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: Buffer }

/** Nobody answered: not running, starting again, or the wrong address. Waiting may help. */
export class Unreachable extends Error {}

/** The question: `body` with its media type, or a stream of it. */
export interface Ask { readonly method: string; readonly path: string; readonly body?: Buffer | Readable; readonly contentType?: string; readonly timeoutMs?: number; /** Where the body of a good answer goes, a file that is not there yet, instead of `body`. */ readonly into?: string }

const certificateFaults = new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'])

/** Headers that say who asks. With a cookie the Origin is sent too, as a browser does: the appliance checks it. */
export function identity(target: Target): Record<string, string> {
  if (target.kind === 'socket') return { host: 'localhost' }
  if (target.token !== undefined) return { authorization: `Bearer ${target.token}` }
  return target.cookie === undefined ? {} : { cookie: target.cookie, origin: target.url }
}

/** Sends one request and reads the whole answer (at most `limitBytes`, default 256 MiB). Throws `Unreachable` where nobody answers. */
export function send(target: Target, ask: Ask, limitBytes = 256 * 1024 * 1024): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { accept: 'application/json', ...identity(target) }
    if (ask.contentType !== undefined) headers['content-type'] = ask.contentType
    if (Buffer.isBuffer(ask.body)) headers['content-length'] = String(ask.body.length)
    const options: https.RequestOptions = { method: ask.method, path: ask.path, headers, timeout: ask.timeoutMs ?? 30_000 }
    const done = (response: http.IncomingMessage): void => {
      if (ask.into !== undefined && (response.statusCode ?? 0) < 400) {
        pipeline(response, createWriteStream(ask.into, { flags: 'wx', mode: 0o600, flush: true })).then(() => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.alloc(0) }), reject)
        return
      }
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > limitBytes) response.destroy(new Error(`the answer is larger than ${limitBytes} bytes`))
        else parts.push(part)
      })
      response.on('error', (error) => reject(new Unreachable(`the answer broke off: ${error.message}`, { cause: error })))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }))
    }
    const request = open(target, options, done)
    request.on('timeout', () => request.destroy(new Error('no answer in time')))
    request.on('error', (error: NodeJS.ErrnoException) => reject(new Unreachable(sentence(target, error), { cause: error })))
    if (ask.body === undefined || Buffer.isBuffer(ask.body)) request.end(ask.body)
    else ask.body.on('error', (error) => request.destroy(error)).pipe(request)
  })
}

function open(target: Target, options: https.RequestOptions, done: (response: http.IncomingMessage) => void): http.ClientRequest {
  if (target.kind === 'socket') return http.request({ ...options, socketPath: target.socketPath }, done)
  const url = new URL(target.url)
  const where = { ...options, hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? undefined : url.port }
  if (url.protocol === 'http:') return http.request(where, done)
  return https.request(target.ca === undefined ? where : { ...where, ca: target.ca }, done)
}

function sentence(target: Target, error: NodeJS.ErrnoException): string {
  const place = target.kind === 'socket' ? target.socketPath : target.url
  if (certificateFaults.has(error.code ?? '')) return `${place} shows a certificate of a CA that is not known here: give the appliance's CA with --ca FILE (there it is DATA/state/ca/ca.pem)`
  if (error.code === 'EACCES') return `${place} may not be opened: run it as root, or use --url with --token`
  return `the appliance at ${place} does not answer (${error.code ?? error.message}): is it running?`
}
