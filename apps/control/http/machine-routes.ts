import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AssignRequest, EventPage, LogPage, Machine, Plan, PlanRequest, PowerConfigRequest, PowerRequest, ReleaseRequest, RenameRequest } from '#contract/operator-api'
import { nothing, text } from './answers.ts'
import { Refusal, type OperatorDeps } from './deps.ts'

const Named = z.object({ m: z.string().min(1).max(200) })
/** Which part of a journal or log. */
export const PageQuery = z.object({ after: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(5000).default(1000) })

/** Everything on one machine or all of them. */
export function addMachineRoutes(app: FastifyInstance, deps: OperatorDeps): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const find = (named: string): Machine => {
    const machine = deps.machine(named)
    if (machine === undefined) throw new Refusal(404, `There is no machine “${named}”: name it by its id, its name or its MAC.`)
    return machine
  }

  api.get('/machines', { schema: { response: { 200: z.array(Machine) } } }, async () => deps.machines())
  api.get('/machines/:m', { schema: { params: Named, response: { 200: Machine } } }, async (request) => find(request.params.m))
  api.delete('/machines/:m', { schema: { params: Named, response: { 204: nothing } } }, async (request, reply) => {
    await deps.forget(find(request.params.m).id, request.operator.name)
    return reply.code(204).send()
  })
  api.post('/machines/:m/plan', { schema: { params: Named, body: PlanRequest, response: { 200: Plan } } }, async (request) => deps.plan(find(request.params.m).id, request.body))
  api.put('/machines/:m/role', { schema: { params: Named, body: AssignRequest, response: { 200: Machine } } }, async (request) => deps.assign(find(request.params.m).id, request.body, request.operator.name))
  api.post('/machines/:m/release', { schema: { params: Named, body: ReleaseRequest, response: { 200: Machine } } }, async (request) => deps.release(find(request.params.m).id, request.body, request.operator.name))
  api.post('/machines/:m/retry', { schema: { params: Named, response: { 200: Machine } } }, async (request) => deps.retry(find(request.params.m).id, request.operator.name))
  api.post('/machines/:m/rename', { schema: { params: Named, body: RenameRequest, response: { 200: Machine } } }, async (request) => deps.rename(find(request.params.m).id, request.body.name, request.operator.name))
  api.post('/machines/:m/power', { schema: { params: Named, body: PowerRequest, response: { 200: Machine } } }, async (request) => deps.power(find(request.params.m).id, request.body.act, request.operator.name))
  api.put('/machines/:m/power-driver', { schema: { params: Named, body: PowerConfigRequest, response: { 200: Machine } } }, async (request) => deps.setPowerDriver(find(request.params.m).id, request.body.driver, request.body.options, request.operator.name))
  api.get('/machines/:m/events', { schema: { params: Named, querystring: PageQuery, response: { 200: EventPage } } }, async (request) => deps.events({ machineId: find(request.params.m).id, ...request.query }))
  api.get('/machines/:m/log', { schema: { params: Named, querystring: PageQuery, response: { 200: LogPage } } }, async (request) => deps.log(find(request.params.m).id, request.query.after, request.query.limit))
  api.get('/machines/:m/log.txt', { schema: { params: Named, response: { 200: text('text/plain', 'The whole log, as a file') } } }, async (request, reply) => {
    const machine = find(request.params.m)
    return reply.type('text/plain; charset=utf-8').header('content-disposition', `attachment; filename="${machine.name}.log"`).send(deps.logText(machine.id))
  })
}
