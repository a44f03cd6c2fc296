import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BootPath, BootPathPatch, Boots, bootsLimit, Stranger } from '#contract/blackbox-api'
import { bytes } from '../http/answers.ts'
import { Refusal } from '../http/deps.ts'

/** What the routes ask. `undefined`: nothing of that name is known. */
export interface BlackboxDeps {
  boots(named: string, limit: number): Promise<Boots | undefined>
  capture(named: string): Promise<{ name: string; bytes: Uint8Array } | undefined>
  strangers(): Stranger[]
  bootPaths(): BootPath[]
  /** Null: done. A sentence: why not. */
  wishPath(id: string, patch: BootPathPatch, by: string): Promise<string | null | undefined>
}

const Named = z.object({ m: z.string().min(1).max(200) })
const unknown = (named: string): Refusal => new Refusal(404, `There is no machine “${named}”, and no packets of a network card of that address: name it by its id, its name or its MAC.`)

/** The boot black box below the operator API's prefix. */
export function addBlackboxRoutes(app: FastifyInstance, deps: BlackboxDeps): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const Query = z.object({ limit: z.coerce.number().int().min(1).max(bootsLimit.most).default(bootsLimit.standard) })
  api.get('/machines/:m/boots', { schema: { params: Named, querystring: Query, response: { 200: Boots } } }, async (request) => {
    const boots = await deps.boots(request.params.m, request.query.limit)
    if (boots === undefined) throw unknown(request.params.m)
    return boots
  })
  api.get('/machines/:m/packets.pcap', { schema: { params: Named, response: { 200: bytes('application/vnd.tcpdump.pcap', 'The recorded packets, as a file') } } }, async (request, reply) => {
    const capture = await deps.capture(request.params.m)
    if (capture === undefined) throw unknown(request.params.m)
    return reply.type('application/vnd.tcpdump.pcap').header('content-disposition', `attachment; filename="${capture.name}.pcap"`).send(Buffer.from(capture.bytes))
  })
  api.get('/boot-paths', { schema: { response: { 200: z.array(BootPath) } } }, async () => deps.bootPaths())
  api.put('/boot-paths/:id', { schema: { params: z.object({ id: z.string().max(100) }), body: BootPathPatch, response: { 200: BootPath } } }, async (request) => {
    const { id } = request.params
    const refused = await deps.wishPath(id, request.body, request.operator.name)
    const path = deps.bootPaths().find((one) => one.id === id)
    if (refused === undefined || path === undefined) throw new Refusal(404, `No machine of the kind “${id}” was seen: GET boot-paths lists the kinds.`)
    if (refused !== null) throw new Refusal(422, refused)
    return path
  })
  api.get('/strangers', { schema: { response: { 200: z.array(Stranger) } } }, async () => deps.strangers())
}
