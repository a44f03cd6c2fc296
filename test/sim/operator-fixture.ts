import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import cookie from '@fastify/cookie'
import httpProxy from '@fastify/http-proxy'
import Fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { Server } from 'socket.io'
import { z } from 'zod'
import type { JournalEvent, LogLine } from '#contract/events'
import { isAllowed, type MachineAct } from '#contract/lifecycle'
import { apiPrefix, AssignRequest, LoginRequest, type Machine, PasswordRequest, PlanRequest, PowerConfigRequest, PowerRequest, ReleaseRequest, RenameRequest, sessionCookie, SshKeys } from '#contract/operator-api'
import type { Operator } from '#control/http/identify'
import { addNetworkRoutes } from '#control/http/network-routes'
import { onError } from '#control/http/problem'
import { BootPathPatch } from '#contract/blackbox-api'
import { encodePcapHeader } from '#netboot/codec/pcap'
import { changeBootPath, makeBootPaths, makeBoots } from './operator-fixture-boots.ts'
import type { Sketch } from './operator-fixture-machines.ts'
import { openFixtureNetworks } from './operator-fixture-networks.ts'
import { FixtureState } from './operator-fixture-state.ts'

/** What a test holds of a running fixture. */
export interface OperatorFixture { url: string, password: string, state: FixtureState, stop: () => Promise<void>, start: () => Promise<void>, close: () => Promise<void> }

class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) { super(message); this.status = status }
}

const Paging = z.object({ after: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(5000).default(1000) })

/**
 * The operator API in memory, with the console behind it on one origin: for browser tests and for looking at the console
 * without an appliance. `stop` and `start` are a restart of the appliance: state stays, sockets break, the port is kept.
 */
export async function startOperatorFixture(options: { fleet: readonly Sketch[], consoleUrl: string, port?: number, password?: string, mustChange?: boolean, stepMs?: number }): Promise<OperatorFixture> {
  const state = new FixtureState(options.fleet, options.stepMs)
  const account = { password: options.password ?? 'one-time-password', mustChange: options.mustChange ?? true, sessions: new Set<string>() }
  state.net = await openFixtureNetworks(() => [...state.machines.values()], (kind, text) => state.record(null, kind, text))
  let served = await serve(state, account, options.consoleUrl, options.port ?? 0)
  const port = (served.app.server.address() as AddressInfo).port
  const stop = async () => { served.io.disconnectSockets(true); await served.io.close(); served.app.server.closeAllConnections(); await served.app.close() }
  return {
    url: `http://127.0.0.1:${port}`, password: account.password, state, stop,
    start: async () => { served = await serve(state, account, options.consoleUrl, port) },
    close: async () => { state.close(); await stop() },
  }
}

interface Account { password: string, mustChange: boolean, sessions: Set<string> }

async function serve(state: FixtureState, account: Account, upstream: string, port: number): Promise<{ app: FastifyInstance, io: Server }> {
  const app = Fastify({ forceCloseConnections: true })
  await app.register(cookie)
  app.setErrorHandler((error: unknown, _request, reply) => {
    const status = error instanceof Refusal ? error.status : error instanceof z.ZodError ? 400 : 500
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error)
    return reply.code(status).type('application/problem+json').send({ type: 'about:blank', title: 'Refused', status, detail })
  })
  await app.register(async (api) => { routes(api, state, account) }, { prefix: apiPrefix })
  await app.register(httpProxy, { upstream, prefix: '/', websocket: false })
  const io = new Server(app.server, { path: '/socket.io', serveClient: false })
  sockets(io, state, account)
  await app.listen({ port, host: '127.0.0.1' })
  return { app, io }
}

function sockets(io: Server, state: FixtureState, account: Account): void {
  io.use((socket, next) => next(isSession(account, /sc_session=([^;]+)/.exec(socket.handshake.headers.cookie ?? '')?.[1]) ? undefined : new Error('Sign in first.')))
  const Join = z.object({ room: z.string(), after: z.number().int().min(0).default(0), logAfter: z.number().int().min(0).optional() })
  io.on('connection', (socket) => {
    socket.on('join', (message: unknown, joined: unknown) => {
      const { room, after, logAfter } = Join.parse(message)
      const machineId = room.startsWith('machine:') ? room.slice(8) : undefined
      if (machineId !== undefined && logAfter !== undefined) socket.emit('log', { machineId, lines: (state.logs.get(machineId) ?? []).filter(({ seq }) => seq > logAfter) })
      const missed = state.events.filter((event) => event.seq > after && (machineId === undefined || event.machineId === machineId))
      if (missed.length > 0) socket.emit('events', missed)
      void socket.join(room)
      if (typeof joined === 'function') joined()
    })
    socket.on('leave', (message: unknown) => void socket.leave(Join.parse(message).room))
  })
  state.bus.on('event', (event: JournalEvent) => io.to('fleet').to(`machine:${event.machineId}`).emit('events', [event]))
  state.bus.on('machine', (machine: Machine) => io.to('fleet').to(`machine:${machine.id}`).emit('machine', machine))
  state.bus.on('log', (log: { machineId: string, lines: LogLine[] }) => { if (log.machineId.startsWith('app-')) io.to(`app:${log.machineId.slice(4)}`).emit('appLog', { app: log.machineId.slice(4), lines: log.lines }); else io.to(`machine:${log.machineId}`).emit('log', log) })
  for (const name of ['image', 'cloud'] as const) state.bus.on(name, (view: unknown) => io.to('fleet').emit(name, view))
}

const isSession = (account: Account, token: string | undefined): boolean => token !== undefined && account.sessions.has(token)

function routes(api: FastifyInstance, state: FixtureState, account: Account): void {
  const open = new Set([`POST ${apiPrefix}/session`])
  api.addHook('onRequest', async (request) => {
    if (!open.has(`${request.method} ${request.url}`) && !isSession(account, request.cookies[sessionCookie])) throw new Refusal(401, 'Sign in first.')
  })
  api.post('/session', async (request, reply) => {
    const { user, password } = LoginRequest.parse(request.body)
    if (user !== 'admin' || password !== account.password) throw new Refusal(401, 'User or password is not right.')
    const token = randomBytes(16).toString('hex')
    account.sessions.add(token)
    return reply.setCookie(sessionCookie, token, { path: '/', httpOnly: true, sameSite: 'strict' }).code(204).send()
  })
  api.delete('/session', async (request, reply) => { account.sessions.delete(request.cookies[sessionCookie] ?? ''); return reply.code(204).send() })
  api.get('/session', async () => ({ name: 'admin', mustChangePassword: account.mustChange }))
  api.post('/password', async (request, reply) => {
    const { old, new: next } = PasswordRequest.parse(request.body)
    if (old !== account.password) throw new Refusal(403, 'The present password is not right.')
    Object.assign(account, { password: next, mustChange: false })
    return reply.code(204).send()
  })
  siteRoutes(api, state)
  // The networks are control's own routes and rules, over stores in memory.
  void api.register(async (scope) => {
    scope.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler).setErrorHandler(onError)
    scope.decorateRequest('operator', null as unknown as Operator)
    scope.addHook('onRequest', async (request) => { request.operator = { name: 'admin', mustChangePassword: false, by: 'session' } })
    if (state.net) addNetworkRoutes(scope, { networks: state.net.desk })
  })
  machineRoutes(api, state)
}

function siteRoutes(api: FastifyInstance, state: FixtureState): void {
  const paths = makeBootPaths()
  api.get('/boot-paths', async () => paths)
  api.put<{ Params: { id: string } }>('/boot-paths/:id', async (request) => {
    const path = paths.find(({ id }) => id === request.params.id)
    if (!path) throw new Refusal(404, 'There is no such kind.')
    return Object.assign(path, changeBootPath(path, BootPathPatch.parse(request.body), new Date().toISOString()))
  })
  api.get('/status', async () => ({ version: '0.1.0', startedAt: new Date().toISOString(), seq: state.seq, machines: {}, networks: state.networks, images: state.images, warnings: state.warnings, me: { name: 'admin', mustChangePassword: false } }))
  api.get('/roles', async () => state.roles)
  api.get('/power-drivers', async () => state.powerDrivers)
  api.post<{ Params: { id: string, decision: 'accept' | 'reject' } }>('/claims/:id/:decision', async (request) => state.decide(request.params.id, request.params.decision) ?? (() => { throw new Refusal(404, 'There is no such claim.') })())
  api.get('/transfers', async () => state.transfers)
  api.get('/strangers', async () => state.strangers)
  api.get('/images', async () => state.images)
  api.get('/cloud', async () => state.cloud())
  api.get('/apps/:name/log', async () => ({ lines: state.logs.get('app-guestbook') ?? [], nextSeq: 2 }))
  api.get('/tokens', async () => [{ id: '5c10ad0000000001', name: 'prometheus', user: 'admin', madeAt: new Date().toISOString() }])
  api.get('/ssh-keys', async () => ({ keys: state.sshKeys }))
  api.put('/ssh-keys', async (request) => { state.sshKeys = SshKeys.parse(request.body).keys; return { keys: state.sshKeys } })
  api.get('/events', async (request) => page(state.events, Paging.parse(request.query), state.seq))
}

function machineRoutes(api: FastifyInstance, state: FixtureState): void {
  type OfMachine = { Params: { m: string } }
  const find = (key: string): Machine => {
    const machine = [...state.machines.values()].find(({ id, name, mac }) => id === key || name === key || mac === key)
    if (!machine) throw new Refusal(404, `There is no machine "${key}". It may have been forgotten; the fleet shows all there are.`)
    return machine
  }
  const allow = (machine: Machine, act: MachineAct) => { if (!isAllowed(act, machine.phase)) throw new Refusal(409, `${machine.name} is ${machine.phase}: this is not possible now.`) }
  api.get('/machines', async () => [...state.machines.values()])
  api.get<OfMachine>('/machines/:m', async (request) => find(request.params.m))
  api.post<OfMachine>('/machines/:m/plan', async (request) => { const { role, disk } = PlanRequest.parse(request.body); return state.plan(find(request.params.m), role, disk) })
  api.put<OfMachine>('/machines/:m/role', async (request) => {
    const machine = find(request.params.m)
    const { role, generation } = AssignRequest.parse(request.body)
    allow(machine, 'assignRole')
    if (generation !== undefined && generation !== machine.generation) throw new Refusal(409, 'Somebody changed this machine meanwhile. Look at the plan again.')
    state.deploy(machine, role)
    return machine
  })
  api.post<OfMachine>('/machines/:m/release', async (request) => {
    const machine = find(request.params.m)
    ReleaseRequest.parse(request.body)
    allow(machine, 'release')
    state.phase(machine, 'releasing')
    state.record(machine.id, 'release.started', `${machine.name} leaves the cloud.`)
    state.later(state.stepMs * 4, () => { Object.assign(machine, { role: null, steps: [], services: [] }); state.phase(machine, 'discovered'); state.record(machine.id, 'release.finished', `${machine.name} is free.`) })
    return machine
  })
  api.post<OfMachine>('/machines/:m/retry', async (request) => { const machine = find(request.params.m); allow(machine, 'retry'); state.deploy(machine, machine.intent.role ?? 'appserver'); return machine })
  api.post<OfMachine>('/machines/:m/rename', async (request) => { const machine = find(request.params.m); machine.name = RenameRequest.parse(request.body).name; state.record(machine.id, 'machine.renamed', `Now called ${machine.name}.`); return machine })
  api.post<OfMachine>('/machines/:m/power', async (request) => {
    const machine = find(request.params.m)
    const { act } = PowerRequest.parse(request.body)
    if (!machine.power.can.includes(act)) throw new Refusal(409, machine.power.cannotWhy)
    machine.power.state = act === 'off' ? 'off' : 'on'
    state.record(machine.id, 'power.asked', `Power ${act}.`)
    return machine
  })
  api.put<OfMachine>('/machines/:m/power-driver', async (request) => { const machine = find(request.params.m); const { driver, options } = PowerConfigRequest.parse(request.body); machine.power = { ...machine.power, driver, options }; state.record(machine.id, 'power.configured', 'The power driver is changed.'); return machine })
  api.delete<OfMachine>('/machines/:m', async (request, reply) => { const machine = find(request.params.m); allow(machine, 'forget'); state.machines.delete(machine.id); return reply.code(204).send() })
  api.get<OfMachine>('/machines/:m/boots', async ({ params: { m } }) => makeBoots(state.strangers.some(({ mac }) => mac === m) ? { id: null, phase: 'seen', macs: [m] } : find(m)))
  api.get<OfMachine>('/machines/:m/packets.pcap', async (_, reply) => reply.type('application/vnd.tcpdump.pcap').send(Buffer.from(encodePcapHeader())))
  api.get<OfMachine>('/machines/:m/events', async (request) => page(state.events.filter(({ machineId }) => machineId === find(request.params.m).id), Paging.parse(request.query), state.seq))
  api.get<OfMachine>('/machines/:m/log', async (request) => {
    const { after, limit } = Paging.parse(request.query)
    const lines = (state.logs.get(find(request.params.m).id) ?? []).filter(({ seq }) => seq > after).slice(0, limit)
    return { lines, nextSeq: lines.at(-1)?.seq ?? after }
  })
  api.get<OfMachine>('/machines/:m/log.txt', async (request, reply) => reply.type('text/plain; charset=utf-8').send((state.logs.get(find(request.params.m).id) ?? []).map(({ at, source, text }) => `${at} ${source} ${text}`).join('\n')))
}

function page(events: readonly JournalEvent[], { after, limit }: z.infer<typeof Paging>, lastSeq: number) {
  return { events: events.filter(({ seq }) => seq > after).slice(0, limit), lastSeq }
}
