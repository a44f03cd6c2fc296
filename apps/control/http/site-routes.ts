import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Claim, Cloud, EventPage, Image, PowerDriverInfo, Role, Status, Transfer } from '#contract/operator-api'
import type { OperatorDeps } from './deps.ts'
import { PageQuery } from './machine-routes.ts'

/** What is not about one machine: status, roles, images, the cloud, the journal. */
export function addSiteRoutes(app: FastifyInstance, deps: OperatorDeps): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  api.get('/status', { schema: { response: { 200: Status } } }, async (request) => ({ ...deps.status(), me: { name: request.operator.name, mustChangePassword: request.operator.mustChangePassword } }))
  api.get('/roles', { schema: { response: { 200: z.array(Role) } } }, async () => deps.roles())
  api.get('/power-drivers', { schema: { response: { 200: z.array(PowerDriverInfo) } } }, async () => deps.powerDrivers())
  const Named = z.object({ id: z.string().max(64) })
  api.get('/claims', { schema: { response: { 200: z.array(Claim) } } }, async () => deps.claims())
  api.post('/claims/:id/accept', { schema: { params: Named, response: { 200: Claim } } }, async (request) => deps.acceptClaim(request.params.id, request.operator.name))
  api.post('/claims/:id/reject', { schema: { params: Named, response: { 200: Claim } } }, async (request) => deps.rejectClaim(request.params.id, request.operator.name))
  api.get('/images', { schema: { response: { 200: z.array(Image) } } }, async () => deps.images())
  api.get('/transfers', { schema: { response: { 200: z.array(Transfer) } } }, async () => deps.transfers())
  api.get('/cloud', { schema: { response: { 200: Cloud } } }, async () => deps.cloud())
  api.get('/events', { schema: { querystring: PageQuery, response: { 200: EventPage } } }, async (request) => deps.events(request.query))
}
