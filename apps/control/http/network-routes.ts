import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ForceQuery, HostInterface, LeasePage, LeaseQuery, Network, NetworkPatch, NetworkRemoved, NetworkRequest, PoolMap, Reservation, ReservationRequest } from '#contract/network-api'
import { nothing } from './answers.ts'
import type { OperatorDeps } from './deps.ts'

const Id = z.object({ id: z.string().max(64) })
const Address = z.object({ address: z.string().max(15) })

/** Networks, leases, reservations. */
export function addNetworkRoutes(app: FastifyInstance, { networks }: Pick<OperatorDeps, 'networks'>): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  api.get('/networks', { schema: { response: { 200: z.array(Network) } } }, async () => networks.all())
  api.post('/networks', { schema: { body: NetworkRequest, response: { 201: Network } } }, async (request, reply) => reply.code(201).send(await networks.add(request.body, request.operator.name)))
  api.get('/networks/:id', { schema: { params: Id, response: { 200: Network } } }, async (request) => networks.find(request.params.id))
  api.patch('/networks/:id', { schema: { params: Id, body: NetworkPatch, response: { 200: Network } } }, async (request) => networks.change(request.params.id, request.body, request.operator.name))
  api.delete('/networks/:id', { schema: { params: Id, querystring: ForceQuery, response: { 200: NetworkRemoved } } }, async (request) => networks.remove(request.params.id, request.query.force, request.operator.name))
  api.get('/networks/:id/pool', { schema: { params: Id, response: { 200: PoolMap } } }, async (request) => networks.pool(request.params.id))
  api.get('/host-interfaces', { schema: { response: { 200: z.array(HostInterface) } } }, async () => networks.interfaces())

  api.get('/leases', { schema: { querystring: LeaseQuery, response: { 200: LeasePage } } }, async (request) => networks.leases(request.query))
  api.delete('/leases/:address', { schema: { params: Address, querystring: ForceQuery, response: { 204: nothing } } }, async (request, reply) => {
    await networks.release(request.params.address, request.query.force, request.operator.name)
    return reply.code(204).send()
  })

  api.get('/reservations', { schema: { querystring: z.object({ network: z.string().max(64).optional() }), response: { 200: z.array(Reservation) } } }, async (request) => networks.reservations(request.query.network))
  api.post('/reservations', { schema: { body: ReservationRequest, response: { 201: Reservation } } }, async (request, reply) => reply.code(201).send(await networks.reserve(request.body, request.operator.name)))
  api.put('/reservations/:address', { schema: { params: Address, body: ReservationRequest, response: { 200: Reservation } } }, async (request) => networks.changeReservation(request.params.address, request.body, request.operator.name))
  api.delete('/reservations/:address', { schema: { params: Address, response: { 204: nothing } } }, async (request, reply) => {
    await networks.unreserve(request.params.address, request.operator.name)
    return reply.code(204).send()
  })
}
