import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { LoginRequest, PasswordRequest, SshKeys } from '#contract/operator-api'
import { hashPassword, makeOneTimePassword, verifyPassword } from '../people/password.ts'
import { makePasswordLimit } from '../people/password-limit.ts'
import { nothing } from './answers.ts'
import { Refusal, type OperatorDeps } from './deps.ts'
import { beginSession, endSession, ownSessionHash } from './identify.ts'
import { sendProblem } from './problem.ts'

const Me = z.object({ name: z.string(), mustChangePassword: z.boolean() })

/** Sign-in, password, SSH keys. `trusted`: the Unix socket, where root resets a forgotten password. */
export function addPeopleRoutes(app: FastifyInstance, deps: OperatorDeps, options: { trusted: boolean; secure: boolean }): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const limit = makePasswordLimit(deps.knownAddresses)
  const wait = 'Too many wrong passwords: wait a minute and try again.'
  // A stranger's name costs as much time as a wrong password: nobody learns which names exist.
  const nobody = hashPassword('nobody has this password')

  api.post('/session', { config: { open: true }, schema: { body: LoginRequest, response: { 204: nothing } } }, async (request, reply) => {
    const { user: name, password } = request.body
    const attempt = limit.begin({ user: name, address: request.ip, isSignedIn: request.operator.by === 'session' && request.operator.name === name }, deps.now().getTime())
    if (attempt === undefined) return sendProblem(reply.header('retry-after', '60'), 429, wait)
    const user = await deps.people.findUser(name)
    if (!(await verifyPassword(password, user?.passwordHash ?? (await nobody))) || user === null) return sendProblem(reply, 401, 'The user or the password is not right. Forgotten? Run `systemcloud passwd` as root on the appliance.')
    attempt.right()
    deps.knownAddresses.add(user.name, request.ip)
    await beginSession(reply, deps.people, user.name, deps.now(), options.secure)
    await audit('session.started', user.name, user.name)
    return reply.code(204).send()
  })

  api.delete('/session', { schema: { response: { 204: nothing } } }, async (request, reply) => {
    await endSession(request, reply, deps.people)
    return reply.code(204).send()
  })

  api.get('/session', { schema: { response: { 200: Me } } }, async (request) => ({ name: request.operator.name, mustChangePassword: request.operator.mustChangePassword }))

  api.post('/password', { config: { beforePassword: true }, schema: { body: PasswordRequest, response: { 204: nothing } } }, async (request, reply) => {
    const attempt = limit.begin({ user: request.operator.name, address: request.ip, isSignedIn: true }, deps.now().getTime())
    if (attempt === undefined) return sendProblem(reply.header('retry-after', '60'), 429, wait)
    const user = await deps.people.findUser(request.operator.name)
    if (user === null || !(await verifyPassword(request.body.old, user.passwordHash))) throw new Refusal(422, 'The old password is not right.')
    attempt.right()
    if (request.body.old === request.body.new) throw new Refusal(422, 'Choose a password that differs from the old one.')
    await deps.people.saveUser({ ...user, passwordHash: await hashPassword(request.body.new), mustChange: false })
    await deps.people.removeSessions(user.name, ownSessionHash(request))
    deps.passwordChosen()
    await audit('password.changed', user.name, user.name)
    return reply.code(204).send()
  })

  api.get('/ssh-keys', { schema: { response: { 200: SshKeys } } }, async () => ({ keys: await deps.people.sshKeys() }))
  api.put('/ssh-keys', { schema: { body: SshKeys, response: { 200: SshKeys } } }, async (request) => {
    await deps.people.setSshKeys(request.body.keys)
    await audit('ssh-keys.changed', request.operator.name, `${request.body.keys.length} keys`)
    return { keys: await deps.people.sshKeys() }
  })

  if (options.trusted) {
    api.post('/admin/passwd', { schema: { response: { 200: z.object({ user: z.string(), password: z.string() }) } } }, async () => {
      const password = makeOneTimePassword()
      await deps.people.saveUser({ name: 'admin', role: 'admin', passwordHash: await hashPassword(password), mustChange: true })
      await deps.people.removeSessions('admin', '')
      await audit('password.reset', 'root', 'admin')
      return { user: 'admin', password }
    })
  }

  const audit = (act: string, user: string, target: string): Promise<void> => deps.people.audit({ at: deps.now().toISOString(), user, act, target, detail: '' })
}
