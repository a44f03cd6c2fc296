import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { NewToken, Token, TokenRequest } from '#contract/operator-api'
import { nothing } from './answers.ts'
import { Refusal, type OperatorDeps } from './deps.ts'
import { hashSecret } from './identify.ts'

const mostTokens = 100

/** What names a token where it is listed and in the audit trail: the first 16 hex digits of its hash. */
const idOf = (hash: string): string => hash.slice(0, 16)

/** Bearer tokens of programs: listed, made (the token itself is shown once) and revoked. A token makes or revokes none. */
export function addTokenRoutes(app: FastifyInstance, { people, now }: Pick<OperatorDeps, 'people' | 'now'>): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const personOnly = (request: FastifyRequest): void => {
    if (request.operator.by === 'token') throw new Refusal(403, 'A token cannot make or revoke tokens: sign in, or be root on the appliance.')
  }
  const audit = (act: string, request: FastifyRequest, target: string, detail: string): Promise<void> => people.audit({ at: now().toISOString(), user: request.operator.name, act, target, detail })

  api.get('/tokens', { schema: { response: { 200: z.array(Token) } } }, async () => (await people.tokens()).map(({ hash, user, title, createdAt }) => ({ id: idOf(hash), name: title, user, madeAt: createdAt })))

  api.post('/tokens', { schema: { body: TokenRequest, response: { 201: NewToken } } }, async (request, reply) => {
    personOnly(request)
    const { name } = request.body
    const held = await people.tokens()
    if (held.length >= mostTokens) throw new Refusal(409, `There are ${mostTokens} tokens already: revoke those that nothing uses.`)
    if (held.some(({ title }) => title === name)) throw new Refusal(409, `There is a token “${name}” already: revoke it first, or choose another name.`)
    const token = randomBytes(32).toString('base64url')
    const [hash, madeAt] = [hashSecret(token), now().toISOString()]
    await people.addToken(hash, request.operator.name, name, madeAt)
    await audit('token.made', request, idOf(hash), name)
    return reply.code(201).send({ id: idOf(hash), name, user: request.operator.name, madeAt, token })
  })

  api.delete('/tokens/:id', { schema: { params: z.object({ id: z.string().max(64) }), response: { 204: nothing } } }, async (request, reply) => {
    personOnly(request)
    const token = (await people.tokens()).find(({ hash }) => idOf(hash) === request.params.id)
    if (token === undefined) throw new Refusal(404, `There is no token “${request.params.id}”: the list of tokens has their ids.`)
    await people.removeToken(token.hash)
    await audit('token.revoked', request, idOf(token.hash), token.title)
    return reply.code(204).send()
  })
}
