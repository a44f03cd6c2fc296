import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { FastifyInstance, InjectOptions } from 'fastify'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Machine } from '#contract/operator-api'
import type { NetworkDesk } from '../networks/desk.ts'
import { openKnownAddresses } from '../people/known-addresses.ts'
import { hashPassword } from '../people/password.ts'
import type { PeopleStore, UserRow } from '../store/people-store.ts'
import { Refusal, type OperatorDeps } from './deps.ts'
import { makeOperatorServer } from './operator-server.ts'

const machine: Machine = {
  id: 'm1', name: 'node-1', mac: '52:54:00:00:00:01', macs: ['52:54:00:00:00:01'], phase: 'discovered', role: null, generation: 1, address: null, uuid: null, firmware: 'bios', bootPath: '',
  intent: { generation: 1, role: null, imageId: null, diskSerial: null, erase: false, release: false }, inventory: null, steps: [], services: [], problem: null, attention: null,
  power: { driver: 'manual', state: 'unknown', can: [], cannotWhy: '', options: {} }, claims: [], metrics: null, firstSeenAt: '', lastSeenAt: '', phaseSince: '', phaseDeadline: null, lastSeq: 0,
}

/** People kept in memory: the same promises as registry.db's. */
function peopleInMemory(): PeopleStore & { acts: string[] } {
  const users = new Map<string, UserRow>()
  const sessions = new Map<string, { user: string; expiresAt: string }>()
  const tokens = new Map<string, { hash: string; user: string; title: string; createdAt: string }>()
  let keys: readonly string[] = []
  const acts: string[] = []
  return {
    acts,
    findUser: async (name) => users.get(name) ?? null,
    saveUser: async (user) => void users.set(user.name, user),
    addSession: async (hash, user, _, expiresAt) => void sessions.set(hash, { user, expiresAt }),
    findSession: async (hash) => sessions.get(hash) ?? null,
    removeSession: async (hash) => void sessions.delete(hash),
    removeSessions: async (user, except) => { for (const [hash, one] of sessions) if (one.user === user && hash !== except) sessions.delete(hash) },
    findToken: async (hash) => tokens.get(hash) ?? null, tokens: async () => [...tokens.values()],
    addToken: async (hash, user, title, createdAt) => void tokens.set(hash, { hash, user, title, createdAt }), removeToken: async (hash) => void tokens.delete(hash),
    sshKeys: async () => [...keys], setSshKeys: async (next) => { keys = next },
    audit: async (line) => void acts.push(`${line.user} ${line.act}`), pruneAudit: async () => false,
  }
}

/** What is stored of the password that every test begins with: making it takes long. */
const storedPassword = await hashPassword('one-time-password')
/** The servers of this test, by whether they trust who asks; made when something first asks them, which most tests do of one. */
const servers = new Map<boolean, Promise<FastifyInstance>>()
let make: (trusted: boolean) => Promise<FastifyInstance>
const server = (isTrusted: boolean) => ({
  async inject(ask: string | InjectOptions) {
    const made = servers.get(isTrusted) ?? make(isTrusted)
    servers.set(isTrusted, made)
    return (await made).inject(ask)
  },
})
const [app, trusted] = [server(false), server(true)]
let people: ReturnType<typeof peopleInMemory>
let clock: Date
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'operator-'))
  clock = new Date('2026-01-01T00:00:00Z')
  people = peopleInMemory()
  await people.saveUser({ name: 'admin', role: 'admin', mustChange: true, passwordHash: storedPassword })
  const facts = new Map<string, string>()
  const memory = { get: (_: string, key: string) => facts.get(key), put: async (_: string, key: string, value: string) => void facts.set(key, value) }
  const deps: OperatorDeps = {
    version: '1', now: () => clock, people, knownAddresses: openKnownAddresses(memory),
    status: () => ({ version: '1', startedAt: '', seq: 7, machines: {}, networks: [], images: [], warnings: [] }),
    machines: () => [machine], machine: (named) => (named === 'm1' || named === 'node-1' ? machine : undefined),
    roles: () => [], powerDrivers: () => [], claims: () => [], acceptClaim: async () => { throw new Refusal(404, 'no such claim') }, rejectClaim: async () => { throw new Refusal(404, 'no such claim') }, images: () => [], transfers: () => [], networks: { all: () => [] } as unknown as NetworkDesk, cloud: () => ({ members: [], apps: [], quorum: '', loadBalancer: null }),
    plan: () => { throw new Refusal(422, 'no such role') },
    assign: async (_, wish) => { if (wish.generation !== undefined && wish.generation !== 1) throw new Refusal(409, 'somebody changed it meanwhile'); return machine },
    release: async () => machine, retry: async () => machine, rename: async (_, name) => ({ ...machine, name }), power: async () => machine, setPowerDriver: async () => machine,
    forget: async () => undefined, events: () => ({ events: [], lastSeq: 7 }), log: () => ({ lines: [], nextSeq: 0 }), logText: () => 'a line\n',
    passwordChosen: () => undefined, metrics: () => 'up 1\n', health: () => ({ ok: true, detail: '' }), registerApps: () => undefined,
  }
  const options = { consoleUrl: 'http://127.0.0.1:1', log: pino({ level: 'silent' }) }
  make = (isTrusted) => makeOperatorServer(deps, { ...options, trusted: isTrusted })
})
afterEach(async () => {
  for (const made of servers.values()) await (await made).close()
  servers.clear()
  rmSync(folder, { recursive: true })
})

const signIn = async (password: string, remoteAddress = '10.77.0.5', cookie = ''): Promise<{ status: number; cookie: string }> => {
  const answer = await app.inject({ method: 'POST', url: '/api/v1/session', remoteAddress, headers: { cookie }, payload: { user: 'admin', password } })
  return { status: answer.statusCode, cookie: String(answer.headers['set-cookie'] ?? '').split(';')[0] ?? '' }
}
const get = (url: string, cookie = '') => app.inject({ method: 'GET', url, headers: { cookie } })

describe('signing in', () => {
  it('lets nobody in without a session', async () => {
    for (const url of ['machines', 'status', 'events', 'ssh-keys', 'metrics', 'openapi.json']) expect((await get(`/api/v1/${url}`)).statusCode).toBe(401)
    expect((await get('/metrics')).statusCode).toBe(401)
    expect((await get('/healthz')).statusCode).toBe(200)
  })

  it('wants the one-time password changed before anything else', async () => {
    const { status, cookie } = await signIn('one-time-password')
    expect(status).toBe(204)
    expect((await get('/api/v1/machines', cookie)).statusCode).toBe(403)
    expect((await get('/api/v1/session', cookie)).json()).toEqual({ name: 'admin', mustChangePassword: true })
    const short = await app.inject({ method: 'POST', url: '/api/v1/password', headers: { cookie }, payload: { old: 'one-time-password', new: 'short' } })
    expect(short.json()).toMatchObject({ status: 400, detail: expect.stringContaining('at least 12 characters') as string })
    const changed = await app.inject({ method: 'POST', url: '/api/v1/password', headers: { cookie }, payload: { old: 'one-time-password', new: 'a password of my own' } })
    expect(changed.statusCode).toBe(204)
    expect((await get('/api/v1/machines', cookie)).json()).toHaveLength(1)
    expect((await signIn('one-time-password')).status).toBe(401)
    expect(people.acts).toContain('admin password.changed')
  })

  it('ends with the session, and after two weeks', async () => {
    const { cookie } = await signIn('one-time-password')
    clock = new Date('2026-01-16T00:00:00Z')
    expect((await get('/api/v1/session', cookie)).statusCode).toBe(401)
    clock = new Date('2026-01-01T00:00:00Z')
    await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie } })
    expect((await get('/api/v1/session', cookie)).statusCode).toBe(401)
  })

  it('slows guessing down', async () => {
    for (let i = 0; i < 5; i += 1) expect((await signIn('wrong')).status).toBe(401)
    expect((await signIn('one-time-password')).status).toBe(429)
    clock = new Date(clock.getTime() + 61_000)
    expect((await signIn('one-time-password')).status).toBe(204)
  })

  it('slows guessing down, however many guesses come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => signIn('wrong')))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(5).fill(401), ...Array<number>(15).fill(429)])
  })

  it('shuts nobody out elsewhere who is guessed at from one address, nor the user out of where they signed in, whoever guesses', async () => {
    expect((await signIn('one-time-password')).status).toBe(204)
    for (let i = 0; i < 8; i += 1) await signIn('wrong', '10.77.0.66')
    expect((await signIn('one-time-password', '10.77.0.9')).status).toBe(204)
    const guesses = await Promise.all(Array.from({ length: 40 }, (_, n) => signIn('wrong', `10.77.1.${n}`)))
    // Five of the ten in a minute went to the first.
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5)
    expect((await signIn('one-time-password', '10.77.0.10')).status).toBe(429)
    for (const address of ['10.77.0.5', '10.77.0.9']) expect((await signIn('one-time-password', address)).status).toBe(204)
  })

  it('shuts nobody out who has a session', async () => {
    const { cookie } = await signIn('one-time-password')
    await Promise.all(Array.from({ length: 60 }, (_, n) => signIn('wrong', n < 20 ? '10.77.0.5' : `10.77.1.${n}`)))
    expect((await signIn('one-time-password')).status).toBe(429)
    expect((await signIn('one-time-password', '10.77.0.5', cookie)).status).toBe(204)
    const changed = await app.inject({ method: 'POST', url: '/api/v1/password', headers: { cookie }, remoteAddress: '10.77.0.5', payload: { old: 'one-time-password', new: 'a password of my own' } })
    expect(changed.statusCode).toBe(204)
  })

  it('slows one address down that guesses names too', async () => {
    const guess = (user: string, remoteAddress: string) => app.inject({ method: 'POST', url: '/api/v1/session', remoteAddress, payload: { user, password: 'wrong' } })
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => guess(`name-${n}`, '10.77.0.66')))
    expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(20)
    expect((await guess('name-99', '10.77.0.66')).statusCode).toBe(429)
    expect((await guess('name-99', '10.77.0.67')).statusCode).toBe(401)
  })

  it('slows down who guesses the old password with a session', async () => {
    const { cookie } = await signIn('one-time-password')
    const guess = (old: string) => app.inject({ method: 'POST', url: '/api/v1/password', headers: { cookie }, payload: { old, new: 'a password of my own' } })
    for (let i = 0; i < 5; i += 1) expect((await guess('wrong')).statusCode).toBe(422)
    expect((await guess('one-time-password')).statusCode).toBe(429)
    clock = new Date(clock.getTime() + 61_000)
    expect((await guess('one-time-password')).statusCode).toBe(204)
  })

  it('refuses what another site sends', async () => {
    const answer = await app.inject({ method: 'POST', url: '/api/v1/session', headers: { origin: 'https://evil.test', host: 'localhost' }, payload: { user: 'admin', password: 'one-time-password' } })
    expect(answer.statusCode).toBe(403)
  })

  it('is not needed by root on the appliance, who can reset a password', async () => {
    expect((await trusted.inject('/api/v1/machines')).json()).toHaveLength(1)
    const { password } = (await trusted.inject({ method: 'POST', url: '/api/v1/admin/passwd' })).json<{ password: string }>()
    expect((await signIn(password)).status).toBe(204)
    expect((await app.inject({ method: 'POST', url: '/api/v1/admin/passwd' })).statusCode).not.toBe(200)
  })
})

describe('a token', () => {
  type Made = { id: string; name: string; user: string; token: string }
  const makeToken = (name: string, headers: Record<string, string> = {}, by = trusted) => by.inject({ method: 'POST', url: '/api/v1/tokens', headers, payload: { name } })

  it('is shown once, opens what a session opens, and is refused after it was revoked', async () => {
    const { id, token } = (await makeToken('prometheus')).json<Made>()
    const list = await trusted.inject('/api/v1/tokens')
    expect(list.json()).toEqual([{ id, name: 'prometheus', user: 'root', madeAt: clock.toISOString() }])
    expect(list.body).not.toContain(token)
    const asked = (url: string) => app.inject({ url, headers: { authorization: `Bearer ${token}` } })
    expect([(await asked('/metrics')).body, (await asked('/api/v1/machines')).statusCode]).toEqual(['up 1\n', 200])
    expect((await trusted.inject({ method: 'DELETE', url: `/api/v1/tokens/${id}` })).statusCode).toBe(204)
    expect([(await asked('/metrics')).statusCode, (await asked('/api/v1/machines')).statusCode]).toEqual([401, 401])
    expect((await trusted.inject({ method: 'DELETE', url: `/api/v1/tokens/${id}` })).statusCode).toBe(404)
    expect(people.acts).toEqual(expect.arrayContaining(['root token.made', 'root token.revoked']))
  })

  it('is made and revoked by a person only, never by a token or a stranger', async () => {
    const { id, token } = (await makeToken('ci')).json<Made>()
    const bearer = { authorization: `Bearer ${token}` }
    expect((await makeToken('more', bearer, app)).statusCode).toBe(403)
    expect((await app.inject({ method: 'DELETE', url: `/api/v1/tokens/${id}`, headers: bearer })).statusCode).toBe(403)
    expect((await makeToken('more', {}, app)).statusCode).toBe(401)
    await people.saveUser({ ...(await people.findUser('admin')) as UserRow, mustChange: false })
    const { cookie } = await signIn('one-time-password')
    expect((await makeToken('more', { cookie }, app)).json<Made>()).toMatchObject({ user: 'admin', name: 'more' })
  })

  it('needs a name of its own', async () => {
    await makeToken('ci')
    for (const [name, status] of [['ci', 409], [' ', 400], ['a\u0007bell', 400], ['x'.repeat(65), 400]] as const) expect((await makeToken(name)).statusCode, name).toBe(status)
  })
})

describe('the API', () => {
  const ask = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) => trusted.inject({ method, url: `/api/v1/${url}`, ...(payload === undefined ? {} : { payload }) })

  it.each([
    ['an unknown machine', 'GET', 'machines/nope', undefined, 404, 'There is no machine “nope”'],
    ['an unknown route', 'GET', 'machine', undefined, 404, 'openapi.json'],
    ['a role without a name', 'POST', 'machines/m1/plan', {}, 400, 'role'],
    ['a stale generation', 'PUT', 'machines/m1/role', { role: 'manager', generation: 0 }, 409, 'meanwhile'],
    ['a name that is no host name', 'POST', 'machines/m1/rename', { name: 'No Host!' }, 400, 'host name'],
    ['a key that is none', 'PUT', 'ssh-keys', { keys: ['ssh-rsa nonsense'] }, 400, 'OpenSSH public key'],
    ['a page that makes no sense', 'GET', 'machines/m1/log?after=-1', undefined, 400, 'after'],
  ] as const)('answers %s with a problem that says what to do', async (_, method, url, payload, status, words) => {
    const answer = await ask(method, url, payload)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json<{ detail: string }>().detail).toContain(words)
  })

  it('describes itself', async () => {
    const description = (await ask('GET', 'openapi.json')).json<{ openapi: string; paths: Record<string, unknown>; components: { schemas: Record<string, unknown> } }>()
    expect(description.openapi).toBe('3.1.0')
    expect(Object.keys(description.paths)).toContain('/api/v1/machines/{m}/role')
    expect(Object.keys(description.components.schemas)).toContain('Machine')
  })

  it('gives a log as a file', async () => {
    const answer = await ask('GET', 'machines/node-1/log.txt')
    expect(answer.headers['content-disposition']).toContain('node-1.log')
    expect(answer.body).toBe('a line\n')
  })

  it('says that the console is away, without an error page', async () => {
    const answer = await app.inject('/machines')
    expect(answer.statusCode).toBe(503)
    expect(answer.body).toContain('The console is starting')
  })
})
