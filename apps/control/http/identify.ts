import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sessionCookie } from '#contract/operator-api'
import type { PeopleStore } from '../store/people-store.ts'

/** Who is asking. `socket`: root on the appliance, over the Unix socket, who needs no login. */
export interface Operator {
  readonly name: string
  readonly mustChangePassword: boolean
  readonly by: 'socket' | 'session' | 'token'
}

const sessionDays = 14
/** What is stored of a session or token: its SHA-256 in hex, never itself. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** The cookie of a request's `Cookie` header, or undefined. */
function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, ...value] = part.trim().split('=')
    if (key === name) return value.join('=')
  }
  return undefined
}

/** Finds who sent these headers: a bearer token, else a session cookie. Undefined for nobody. */
export async function identify(headers: { authorization?: string | undefined; cookie?: string | undefined }, people: PeopleStore, now: Date): Promise<Operator | undefined> {
  const bearer = /^Bearer ([\w-]{20,200})$/.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) {
    const token = await people.findToken(hashSecret(bearer))
    return token === null ? undefined : { name: token.user, mustChangePassword: false, by: 'token' }
  }
  const cookie = readCookie(headers.cookie, sessionCookie)
  if (cookie === undefined || cookie === '') return undefined
  const session = await people.findSession(hashSecret(cookie))
  if (session === null || session.expiresAt <= now.toISOString()) return undefined
  const user = await people.findUser(session.user)
  return user === null ? undefined : { name: user.name, mustChangePassword: user.mustChange, by: 'session' }
}

/** Begins a session and sets its cookie: HttpOnly, SameSite=Strict, Secure where the console is HTTPS. */
export async function beginSession(reply: FastifyReply, people: PeopleStore, user: string, now: Date, secure: boolean): Promise<void> {
  const secret = randomBytes(32).toString('base64url')
  await people.addSession(hashSecret(secret), user, now.toISOString(), new Date(now.getTime() + sessionDays * 86_400_000).toISOString())
  reply.header('set-cookie', `${sessionCookie}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionDays * 86_400}${secure ? '; Secure' : ''}`)
}

/** Ends the request's session, if it has one. */
export async function endSession(request: FastifyRequest, reply: FastifyReply, people: PeopleStore): Promise<void> {
  const cookie = readCookie(request.headers.cookie, sessionCookie)
  if (cookie !== undefined) await people.removeSession(hashSecret(cookie))
  reply.header('set-cookie', `${sessionCookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`)
}

/** The stored hash of the request's own session: the one that a password change keeps. */
export const ownSessionHash = (request: FastifyRequest): string => hashSecret(readCookie(request.headers.cookie, sessionCookie) ?? '')

/**
 * Whether a request that changes something may come from where it says: its Origin, where it has one, must be the Host that it was sent to.
 * Browsers always send one with a cross-site POST; programs send none.
 */
export function isSameOrigin(headers: { origin?: string | undefined; host?: string | undefined }): boolean {
  if (headers.origin === undefined) return true
  if (!URL.canParse(headers.origin)) return false
  return new URL(headers.origin).host === headers.host
}
