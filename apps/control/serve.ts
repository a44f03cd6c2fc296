import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Cloud } from '#contract/operator-api'
import { startNetboot, type Netboot } from '#netboot/serve/netboot'
import type { Site } from '#netboot/site'
import { openBalancerDoor } from './balancer/door.ts'
import type { KeyPair } from './ca/authority.ts'
import type { Core } from './core.ts'
import { openHub, type HubSources } from './events/hub.ts'
import { identify, isSameOrigin } from './http/identify.ts'
import type { OperatorDeps } from './http/deps.ts'
import { makeOperatorServer } from './http/operator-server.ts'
import type { MachineDeps } from './machine-http/deps.ts'
import { openMachineDoors } from './machine-http/doors.ts'
import { makeMachineServer, showCertificate } from './machine-http/machine-server.ts'
import { machineAddresses } from './networks/network-config.ts'
import { startingText } from './networks/site-state.ts'
import type { Networks } from './networks/networks.ts'
import { managerAddress } from './operator-side.ts'

/** A part of control that listens. */
export interface Listening { close(): Promise<void> | void }

const retryMs = 10_000

/** The operator API, twice: for browsers on loopback (and, outside a lab, on the appliance's address), and for root on a Unix socket. */
export async function serveOperators(core: Core, deps: OperatorDeps, cloud: () => Cloud): Promise<Listening & { port: number }> {
  const { config, log } = core
  const tls = config.plainHttp ? {} : { tls: { cert: core.own.cert + core.own.ca, key: core.own.key } }
  const open = await makeOperatorServer(deps, { trusted: false, ...tls, consoleUrl: config.consoleUrl, log })
  const trusted = await makeOperatorServer(deps, { trusted: true, consoleUrl: config.consoleUrl, log })
  const hubs = [openHub(open.server, hubSources(core, cloud, false)), openHub(trusted.server, hubSources(core, cloud, true))]
  await open.listen({ host: '127.0.0.1', port: config.ports.operator })
  const { port } = open.server.address() as net.AddressInfo
  mkdirSync(path.dirname(config.sockets.operator), { recursive: true })
  rmSync(config.sockets.operator, { force: true })
  await trusted.listen({ path: config.sockets.operator })
  chmodSync(config.sockets.operator, 0o600)
  const more = config.interface !== '' && config.labDir === '' && !config.plainHttp ? alsoOn(open, config.address, port, log) : undefined
  return {
    port,
    async close() {
      more?.close()
      for (const hub of hubs) await hub.close()
      await Promise.all([open.close(), trusted.close()])
    },
  }
}

/** A second door to the same server. */
function alsoOn(app: FastifyInstance, host: string, port: number, log: Core['log']): net.Server {
  const door = net.createServer((socket) => void app.server.emit('connection', socket))
  door.maxConnections = app.server.maxConnections
  door.on('error', (error) => log.error({ err: error, host, port }, 'operator.not-on-address'))
  return door.listen(port, host)
}

function hubSources(core: Core, cloud: () => Cloud, trusted: boolean): HubSources {
  return {
    events: (query) => core.journal.read(query), log: (id, after, limit) => core.logs.read(id, after, limit),
    onEvent: (listener) => core.journal.subscribe(listener), onLog: (listener) => core.logs.subscribe(listener),
    onMachine: (listener) => core.onMachine(listener), onImage: (listener) => core.library.subscribe(listener),
    onCloud: (listener) => {
      let timer: NodeJS.Timeout | undefined
      return core.onCloud(() => { timer ??= setTimeout(() => { timer = undefined; listener(cloud()) }, 500) })
    },
    admit: async (headers) => trusted || (isSameOrigin(headers) && (await identify(headers, core.people, new Date(core.now())))?.mustChangePassword === false),
  }
}

/** HTTPS for ramdisks and agents, at the appliance's address on every network that it stands in; the certificate names those that there are. */
export async function serveMachines(core: Core, deps: MachineDeps, { served }: Networks): Promise<Listening & { port: number }> {
  const { config: { address, ports, interface: device }, authority, book, log } = core
  const certificate = (): Promise<KeyPair> => authority.own('machines', { commonName: 'System Cloud appliance', dns: ['localhost'], ips: machineAddresses(book.networks(), address) })
  let shown = await certificate()
  const app = makeMachineServer(deps, { tls: { ...shown, ca: authority.pem }, log })
  const cover = async (): Promise<void> => {
    const fresh = await certificate()
    if (fresh.cert === shown.cert) return
    showCertificate(app, { ...fresh, ca: authority.pem })
    shown = fresh
    log.info('machines.certificateRenewed')
  }
  await app.listen({ host: address, port: ports.tls })
  const { port } = app.server.address() as net.AddressInfo
  if (device !== '') served.doors = await openMachineDoors({ server: app.server, first: address, port, networks: book.views, cover, log })
  return {
    port,
    async close() {
      await served.doors?.close()
      served.doors = undefined
      await app.close()
    },
  }
}

/** Netboot, started again and again until its ports are free: the console says why meanwhile. */
export function serveNetboot(core: Core, site: Site, { state, served }: Networks): Listening {
  if (core.config.interface === '') return { close: () => undefined }
  let netboot: Netboot | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const start = async (): Promise<void> => {
    try {
      netboot = await startNetboot({ site, log: core.log, httpPort: core.config.ports.http })
      served.netboot = netboot
      state.trouble = null
      if (closed) await netboot.close()
    } catch (error) { // shown to the operator and tried again
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
      state.trouble = `The boot servers do not run: ${cause}. It is tried again every ten seconds.`
      core.log.error({ err: error }, 'netboot.failed')
      if (!closed) timer = setTimeout(() => void start(), retryMs)
    }
  }
  state.trouble = startingText
  void start()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      served.netboot = undefined
      await netboot?.close()
    },
  }
}

/** The door to the cloud's load balancer, for the host's loopback. */
export function serveBalancer(core: Core): Listening {
  mkdirSync(path.dirname(core.config.sockets.balancer), { recursive: true })
  return openBalancerDoor(core.config.sockets.balancer, () => {
    const host = managerAddress(core)
    return host === undefined ? undefined : { host, port: 80 }
  })
}
