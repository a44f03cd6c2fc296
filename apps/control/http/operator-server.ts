import httpProxy from '@fastify/http-proxy'
import swagger from '@fastify/swagger'
import Fastify, { LogController, type FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { z } from 'zod'
import { apiPrefix } from '#contract/operator-api'
import { problem, text } from './answers.ts'
import type { OperatorDeps } from './deps.ts'
import { identify, isSameOrigin, type Operator } from './identify.ts'
import { addMachineRoutes } from './machine-routes.ts'
import { addNetworkRoutes } from './network-routes.ts'
import { addPeopleRoutes } from './people-routes.ts'
import { onError, sendProblem } from './problem.ts'
import { addSiteRoutes } from './site-routes.ts'
import { addTokenRoutes } from './token-routes.ts'

declare module 'fastify' {
  interface FastifyRequest { operator: Operator }
  /** `open`: needs no login. `beforePassword`: allowed before the first password was changed. */
  interface FastifyContextConfig { open?: boolean; beforePassword?: boolean }
}

/** How the operator API is reached: `trusted` is the Unix socket that only root can open. */
export interface OperatorServerOptions {
  readonly trusted: boolean
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly consoleUrl: string
  readonly log: Logger
}

const root: Operator = { name: 'root', mustChangePassword: false, by: 'socket' }
const nobody: Operator = { name: '', mustChangePassword: false, by: 'session' }
const Health = z.object({ ok: z.boolean(), detail: z.string() })
const prometheus = text('text/plain', 'For Prometheus')
const bodyLimit = 1024 * 1024
const mostConnections = 1024

/**
 * The single origin of operators: the API, its description, health, metrics, and the console behind them. The caller attaches socket.io to
 * `.server` and listens.
 */
export async function makeOperatorServer(deps: OperatorDeps, options: OperatorServerOptions): Promise<FastifyInstance> {
  const common = { loggerInstance: options.log, logController: new LogController({ disableRequestLogging: true }), bodyLimit, trustProxy: false, requestTimeout: 300_000 }
  const app = (options.tls === undefined ? Fastify(common) : Fastify({ ...common, https: { ...options.tls, minVersion: 'TLSv1.2' } })) as unknown as FastifyInstance
  // Clients that send a byte now and then get neither all sockets nor much time.
  app.server.maxConnections = mostConnections
  app.server.headersTimeout = 15_000
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(onError)
  app.decorateRequest('operator', null as unknown as Operator)
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'System Cloud', version: deps.version } }, transform: jsonSchemaTransform, transformObject: jsonSchemaTransformObject })

  app.get('/healthz', { schema: { response: { 200: Health, 503: Health, default: problem } } }, async (_, reply) => {
    const health = deps.health()
    return reply.code(health.ok ? 200 : 503).send({ ok: health.ok, detail: health.detail })
  })
  await app.register(async (api) => {
    api.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
      request.operator = options.trusted ? root : ((await identify(request.headers, deps.people, deps.now())) ?? nobody)
      const { open, beforePassword } = request.routeOptions.config
      const signing = request.routeOptions.url?.endsWith('/session') === true
      if (request.method !== 'GET' && request.method !== 'HEAD' && !isSameOrigin(request.headers)) return sendProblem(reply, 403, 'This request came from another site: use the console itself.')
      if (open === true) return
      if (request.operator === nobody) return sendProblem(reply, 401, 'Sign in first: POST session, or send a bearer token.')
      if (request.operator.mustChangePassword && beforePassword !== true && !signing) return sendProblem(reply, 403, 'Choose your own password first: POST password.')
    })
    api.addHook('onRoute', (route) => {
      if (route.schema !== undefined && route.schema.hide !== true) route.schema = { ...route.schema, response: { ...(route.schema.response as object | undefined), default: problem } }
    })
    api.get('/openapi.json', { schema: { response: { 200: z.looseObject({}).describe('This description, OpenAPI 3.1') } } }, async () => app.swagger())
    api.get('/metrics', { schema: { response: { 200: prometheus } } }, async (_, reply) => reply.type('text/plain; version=0.0.4').send(deps.metrics()))
    addPeopleRoutes(api, deps, { trusted: options.trusted, secure: options.tls !== undefined })
    addTokenRoutes(api, deps)
    addMachineRoutes(api, deps)
    addSiteRoutes(api, deps)
    addNetworkRoutes(api, deps)
    deps.registerApps(api)
    api.all('/*', { config: { open: true }, schema: { hide: true } }, async (_, reply) => sendProblem(reply, 404, `There is no such route below ${apiPrefix}: see ${apiPrefix}/openapi.json.`))
  }, { prefix: apiPrefix })
  app.get('/metrics', { schema: { response: { 200: prometheus, default: problem } } }, async (request, reply) => {
    const operator = options.trusted ? root : await identify(request.headers, deps.people, deps.now())
    if (operator === undefined) return sendProblem(reply, 401, 'Give Prometheus a bearer token.')
    return reply.type('text/plain; version=0.0.4').send(deps.metrics())
  })
  if (!options.trusted) await app.register(httpProxy, {
    upstream: options.consoleUrl, prefix: '/', websocket: false,
    replyOptions: { onError: (reply) => void reply.code(503).type('text/html; charset=utf-8').send(consoleAway) },
  })
  return app
}

const consoleAway = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>System Cloud</title><p style="font:16px system-ui;margin:20vh auto;max-width:28em">The console is starting. Machines are served meanwhile; this page looks again by itself.</p>'
