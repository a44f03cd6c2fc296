import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { ApplianceTls } from './role.ts'

const deadlineMs = 4000

/** A name lookup that always finds `address`: for names that only the cloud's machines know. */
export const lookupAt = (address: string): net.LookupFunction => (_name, options, found) => (options.all === true ? found(null, [{ address, family: 4 }]) : found(null, address, 4))

/**
 * Asks a URL from outside. Null when it answers below 400, else a sentence. `https` is pinned to the appliance's CA and shows
 * its client certificate; it needs `tls`. `address` is where the name in the URL is, where no name server knows it.
 */
export function probeHttp(url: string, signal: AbortSignal, tls?: ApplianceTls, address?: string): Promise<string | null> {
  const options = { signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]), agent: false }
  return new Promise((resolve) => {
    const answered = (response: http.IncomingMessage) => {
      response.resume()
      const status = response.statusCode ?? 0
      resolve(status < 400 ? null : `${url} answered ${status}`)
    }
    const request = url.startsWith('https:')
      ? https.get(url, { ...options, ca: tls?.ca, cert: tls?.cert, key: tls?.key, ...(address === undefined ? {} : { lookup: lookupAt(address) }) }, answered)
      : http.get(url, options, answered)
    request.on('error', (error) => resolve(`${url} does not answer: ${reason(error)}`))
  })
}

/** Whether PostgreSQL listens: it must answer the 8-byte SSLRequest with `S` or `N`. Null when it does, else a sentence. */
export function probePostgres(address: string, port: number, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]) })
    const finish = (answer: string | null) => { resolve(answer); socket.destroy() }
    socket.on('connect', () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])))
    socket.on('data', (bytes) => finish(['S', 'N'].includes(String.fromCharCode(bytes[0] ?? 0)) ? null : `${address}:${port} does not speak PostgreSQL`))
    socket.on('error', (error) => finish(`${address}:${port} does not answer: ${reason(error)}`))
    socket.on('close', () => finish(`${address}:${port} closed the connection`))
  })
}

function reason(error: Error & { code?: string }): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${deadlineMs / 1000} s`
  return error.code === 'ECONNREFUSED' ? 'connection refused' : error.message
}
