import { chmodSync, existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { openAuthority } from './ca/authority.ts'
import type { Config } from './config.ts'

/** What opening both databases takes, with a copy of the smaller one before a migration. */
const leastBytes = 2 * 1024 * 1024
const leastFiles = 16
const lookMs = 1000

/** Whether a file system has no room for the databases to be opened. Some have no count of files: theirs is 0. */
export const lacksRoom = ({ bavail, bsize, files, ffree }: { bavail: number; bsize: number; files: number; ffree: number }): boolean => bavail * bsize < leastBytes || (files > 0 && ffree < leastFiles)

/**
 * Waits until there is room to open the databases: on a full disk they cannot even be read, and ending would only mean being started
 * again. Meanwhile everything asked of the operator API, /healthz and the console is answered with 503 and what to do; nothing is given to
 * machines, because no promise could be kept. Resolves at once where there is room.
 */
export async function waitForRoom(config: Config, log: Logger): Promise<void> {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 })
  const isFull = (): boolean => lacksRoom(statfsSync(config.stateDir))
  if (!isFull()) return
  const sentence = `The disk of the appliance is full: ${config.stateDir} has no room for its databases to be opened, so machines get no addresses and cannot boot. Make room there (2 MiB at least); the appliance goes on by itself.`
  log.error({ trouble: sentence }, 'storage.full')
  const close = await answerAll(config, sentence, log)
  while (isFull()) await wait(lookMs)
  await close()
  log.warn('storage.recovered')
}

/** Listens where the operator API does. A door that cannot be opened is logged, and the others do. */
async function answerAll(config: Config, sentence: string, log: Logger): Promise<() => Promise<void>> {
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const isHealth = request.url === '/healthz'
    const isApi = request.url?.startsWith('/api/') === true
    response.writeHead(503, { 'content-type': isHealth ? 'application/json' : isApi ? 'application/problem+json' : 'text/plain; charset=utf-8', 'retry-after': '5', 'cache-control': 'no-store', connection: 'close' })
    response.end(isHealth ? JSON.stringify({ ok: false, detail: sentence }) : isApi ? JSON.stringify({ type: 'about:blank', title: 'Service Unavailable', status: 503, detail: sentence }) : `${sentence}\n`)
  }
  const { operator } = config.sockets
  mkdirSync(path.dirname(operator), { recursive: true })
  rmSync(operator, { force: true })
  const doors: { server: http.Server | https.Server; where: { path: string } | { host: string; port: number } }[] = [{ server: http.createServer(answer), where: { path: operator } }]
  const tls = config.plainHttp ? undefined : await readTls(config).catch((error: unknown) => void log.error({ err: error }, 'storage.full-without-tls'))
  if (config.plainHttp || tls !== undefined) {
    const hosts = config.interface !== '' && config.labDir === '' && !config.plainHttp ? ['127.0.0.1', config.address] : ['127.0.0.1']
    for (const host of hosts) doors.push({ server: tls === undefined ? http.createServer(answer) : https.createServer(tls, answer), where: { host, port: config.ports.operator } })
  }
  await Promise.all(doors.map(({ server, where }) => new Promise<void>((resolve) => {
    server.once('error', (error) => { log.error({ err: error, where }, 'storage.full-unsaid'); resolve() })
    server.listen(where, resolve)
  })))
  if (existsSync(operator)) chmodSync(operator, 0o600)
  return async () => {
    await Promise.all(doors.map(({ server }) => new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })))
  }
}

/** The appliance's own certificate where it was made before; on a disk that was full from the first start there is none. */
async function readTls(config: Config): Promise<{ cert: string; key: string } | undefined> {
  const folder = path.join(config.stateDir, 'ca')
  if (!existsSync(path.join(folder, 'ca.pem'))) return undefined
  const authority = await openAuthority(folder)
  const { cert, key } = await authority.own('server', { commonName: 'System Cloud appliance', dns: ['localhost'], ips: [...new Set(['127.0.0.1', config.address])] })
  return { cert: cert + authority.pem, key }
}
