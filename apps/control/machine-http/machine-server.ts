import { Server as TlsServer, type TLSSocket } from 'node:tls'
import Fastify, { LogController, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import { AgentReport, EnrolRequest, RenewRequest } from '#contract/agent-api'
import { machineText } from '#contract/inventory'
import { parseMac, type Mac } from '#contract/mac'
import { parseFacts, renderFactsFault } from '#netboot/codec/facts'
import type { MachineDeps } from './deps.ts'
import { parseOrderReport, renderOrder } from './order-text.ts'

const longPollMs = 25_000
const bodyLimit = 512 * 1024
const mostConnections = 4096
const minVersion = 'TLSv1.2'

const AgentLineText = z.object({
  at: z.iso.datetime({ offset: true }), source: z.enum(['journal', 'agent', 'app']), level: z.enum(['debug', 'info', 'warn', 'error']),
  text: machineText(2000), app: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/).optional(),
})

/** Answers a machine with one sentence of plain text, for its own log. */
const say = (reply: FastifyReply, status: number, sentence: string): FastifyReply => reply.code(status).type('text/plain; charset=utf-8').send(`${sentence}\n`)

/** Where a request gets `params.mac` from: checked and in its one form; undefined where it is no MAC. */
const macOf = (request: FastifyRequest): Mac | undefined => parseMac((request.params as { mac: string }).mac)
const tokenOf = (request: FastifyRequest): string | undefined => /^Bearer ([0-9a-f]{64})$/.exec(request.headers.authorization ?? '')?.[1]

/** Gives up waiting when the client goes away. */
function whileConnected(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  // The answer's end, not the socket's: a kept-alive socket would gather a listener with every question.
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

/** The appliance's certificate and its key, and the CA that agents' certificates are checked against; all PEM. */
export interface MachineTls { readonly cert: string; readonly key: string; readonly ca: string }

/** The HTTPS server that ramdisks and agents talk to (contract/machine-api.ts). The caller listens. */
export function makeMachineServer(deps: MachineDeps, options: { tls: MachineTls; log: Logger }): FastifyInstance {
  const app = Fastify({ loggerInstance: options.log, logController: new LogController({ disableRequestLogging: true }), bodyLimit, requestTimeout: 60_000, https: { ...options.tls, requestCert: true, rejectUnauthorized: false, minVersion } }) as unknown as FastifyInstance
  // Clients that send a byte now and then get neither all sockets nor much time.
  app.server.maxConnections = mostConnections
  app.server.headersTimeout = 15_000
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if ((error.statusCode ?? 500) < 500) return say(reply, error.statusCode ?? 400, error.message)
    request.log.error({ err: error, url: request.url }, 'machine.failed')
    return say(reply, 503, 'The appliance had a problem of its own: try again.')
  })
  app.setNotFoundHandler((_, reply) => say(reply, 404, 'There is no such route for machines.'))
  addRamdiskRoutes(app, deps)
  addAgentRoutes(app, deps)
  return app
}

/** Shows clients that come from now on another certificate; connections that are there go on. */
export function showCertificate(app: FastifyInstance, tls: MachineTls): void {
  if (!(app.server instanceof TlsServer)) throw new Error('this server has no TLS')
  app.server.setSecureContext({ ...tls, minVersion })
}

function addRamdiskRoutes(app: FastifyInstance, deps: MachineDeps): void {
  app.post('/ramdisk/:mac/facts', async (request, reply) => {
    const [mac, token] = [macOf(request), tokenOf(request)]
    if (mac === undefined || token === undefined) return say(reply, 400, 'Name a MAC and send 32 random bytes in hex as bearer token.')
    const facts = parseFacts(String(request.body ?? ''))
    if (!facts.ok) return say(reply, 400, renderFactsFault(facts.fault))
    const taken = await deps.facts(mac, token, facts.value)
    return taken.kind === 'taken' ? reply.code(204).send() : say(reply, 409, taken.why)
  })

  /** Runs `work` for the machine that owns the MAC, and for nobody else. */
  const owned = (work: (machineId: string, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | FastifyReply) => async (request: FastifyRequest, reply: FastifyReply) => {
    const [mac, token] = [macOf(request), tokenOf(request)]
    const machineId = mac === undefined || token === undefined ? undefined : deps.owner(mac, token)
    if (machineId === undefined) return say(reply, 401, 'This session does not own the machine: post the facts again.')
    deps.heardFrom(machineId, request.ip)
    return work(machineId, request, reply)
  }
  const orderId = (request: FastifyRequest): string => (request.params as { id: string }).id

  app.get('/ramdisk/:mac/order', owned(async (machineId, request, reply) => {
    const order = await deps.takeOrder(machineId, longPollMs, whileConnected(reply))
    return order === undefined ? reply.code(204).send() : reply.type('text/plain; charset=utf-8').send(renderOrder(order))
  }))
  app.post('/ramdisk/:mac/orders/:id', owned((machineId, request, reply) => {
    const report = parseOrderReport(String(request.body ?? ''))
    if (typeof report === 'string') return say(reply, 400, report)
    return deps.reportOrder(machineId, orderId(request), report) ? reply.code(204).send() : say(reply, 410, 'This order is no longer wanted: stop it and ask again.')
  }))
  app.get('/ramdisk/:mac/orders/:id/chunks', owned((machineId, request, reply) => {
    const list = deps.chunkList(machineId, orderId(request))
    return list === undefined ? say(reply, 410, 'This order is no longer wanted: stop it and ask again.') : reply.type('text/plain; charset=utf-8').send(list)
  }))
  app.get('/ramdisk/:mac/orders/:id/files.tar', owned(async (machineId, request, reply) => {
    const tar = await deps.filesTar(machineId, orderId(request), request.socket.localAddress ?? '')
    return tar === undefined ? say(reply, 410, 'This order is no longer wanted: stop it and ask again.') : reply.type('application/x-tar').send(tar)
  }))
}

function addAgentRoutes(app: FastifyInstance, deps: MachineDeps): void {
  app.post('/agent/enrol', async (request, reply) => {
    const parsed = EnrolRequest.safeParse(parseJson(request.body))
    if (!parsed.success) return say(reply, 400, 'An enrolment names machineId, generation, secret and csr.')
    const outcome = await deps.enrol(parsed.data, request.ip)
    return outcome.kind === 'enrolled' ? reply.send(outcome.response) : say(reply, 403, outcome.why)
  })

  /** Runs `work` for the machine that the client certificate names. */
  const certified = (work: (machineId: string, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> | FastifyReply) => async (request: FastifyRequest, reply: FastifyReply) => {
    const socket = request.raw.socket as TLSSocket
    const peer = socket.authorized ? socket.getPeerCertificate() : undefined
    const machineId = peer?.subject === undefined ? undefined : String(peer.subject.CN)
    if (peer === undefined || machineId === undefined || deps.isRevoked(peer.serialNumber.toLowerCase(), machineId)) return say(reply, 401, 'Show the client certificate that this machine enrolled for.')
    deps.heardFrom(machineId, request.ip)
    deps.reachedAt(machineId, socket.localAddress ?? '')
    return work(machineId, request, reply)
  }

  app.post('/agent/renew', certified(async (machineId, request, reply) => {
    const parsed = RenewRequest.safeParse(parseJson(request.body))
    if (!parsed.success) return say(reply, 400, 'A renewal has a csr.')
    const outcome = await deps.renew(machineId, parsed.data.csr)
    return outcome.kind === 'enrolled' ? reply.send(outcome.response) : say(reply, 403, outcome.why)
  }))
  app.get('/agent/target', certified(async (machineId, request, reply) => {
    const { etag } = request.query as { etag?: string }
    const target = await deps.target(machineId, String(etag ?? ''), longPollMs, whileConnected(reply))
    return target === undefined ? reply.code(304).send() : reply.send(target)
  }))
  app.post('/agent/report', certified((machineId, request, reply) => {
    const parsed = AgentReport.safeParse(parseJson(request.body))
    if (!parsed.success) return say(reply, 400, `This report cannot be used: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`)
    deps.report(machineId, parsed.data)
    return reply.code(204).send()
  }))
  app.post('/agent/log', certified((machineId, request, reply) => {
    const lines = String(request.body ?? '').split('\n').slice(0, 5000).flatMap((text) => {
      const parsed = AgentLineText.safeParse(parseJson(text))
      // Each app that is named has a log of its own on the disk.
      return parsed.success && (parsed.data.app === undefined || deps.hasApp(parsed.data.app)) ? [parsed.data] : []
    })
    deps.agentLog(machineId, lines)
    return reply.code(204).send()
  }))
}

/** The JSON value of a body, or undefined where it is none. */
function parseJson(body: unknown): unknown {
  try {
    return JSON.parse(String(body))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
