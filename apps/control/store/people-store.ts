import type { RegistryClient } from './registry-stores.ts'

/** Someone who may sign in. `passwordHash` is `scrypt$N$salt$hash`. */
export interface UserRow { readonly name: string; readonly passwordHash: string; readonly mustChange: boolean; readonly role: string }

/** How much of the audit trail stays. */
export interface AuditBounds {
  /** No more lines than these stay. */
  readonly most: number
  /** The newest stay whatever their age: a clock that was set wrong must not empty the trail. */
  readonly least: number
  /** Between the two, lines from before this time go (ISO 8601, UTC). */
  readonly before: string
}

const [revoked, prunedAtOnce] = ['token.revoked', 1000]

/** Users, sessions, tokens, SSH keys and the audit trail. */
export interface PeopleStore {
  findUser(name: string): Promise<UserRow | null>
  saveUser(user: UserRow): Promise<void>
  addSession(hash: string, user: string, now: string, expiresAt: string): Promise<void>
  findSession(hash: string): Promise<{ user: string; expiresAt: string } | null>
  removeSession(hash: string): Promise<void>
  /** Ends every session of a user but the one given. */
  removeSessions(user: string, exceptHash: string): Promise<void>
  findToken(hash: string): Promise<{ user: string } | null>
  /** Oldest first. */
  tokens(): Promise<{ hash: string; user: string; title: string; createdAt: string }[]>
  addToken(hash: string, user: string, title: string, now: string): Promise<void>
  removeToken(hash: string): Promise<void>
  sshKeys(): Promise<string[]>
  setSshKeys(keys: readonly string[]): Promise<void>
  audit(line: { at: string; user: string; act: string; target: string; detail: string }): Promise<void>
  /**
   * Drops the oldest audit lines beyond the bounds, some at a time; resolves to whether there may be more. Of the lines on revoked tokens, which
   * keep a restored backup from bringing one back, the newest `least` stay, and they are not counted among the others.
   */
  pruneAudit(bounds: AuditBounds): Promise<boolean>
}

/** The people store over registry.db. */
export function peopleStore(client: RegistryClient): PeopleStore {
  /** The newest line of which as many are newer as are to stay; 0 where there are no more. */
  const beyond = async (act: string | { not: string }, stay: number): Promise<number> => (await client.audit.findFirst({ where: { act }, orderBy: { id: 'desc' }, skip: stay, select: { id: true } }))?.id ?? 0
  return {
    findUser: (name) => client.user.findUnique({ where: { name } }),
    saveUser: async (user) => void (await client.user.upsert({ where: { name: user.name }, create: user, update: user })),
    addSession: async (hash, user, now, expiresAt) => {
      await client.$transaction([client.session.deleteMany({ where: { expiresAt: { lt: now } } }), client.session.create({ data: { hash, user, createdAt: now, expiresAt } })])
    },
    findSession: (hash) => client.session.findUnique({ where: { hash } }),
    removeSession: async (hash) => void (await client.session.deleteMany({ where: { hash } })),
    removeSessions: async (user, exceptHash) => void (await client.session.deleteMany({ where: { user, hash: { not: exceptHash } } })),
    findToken: (hash) => client.token.findUnique({ where: { hash } }),
    tokens: () => client.token.findMany({ orderBy: [{ createdAt: 'asc' }, { hash: 'asc' }] }),
    addToken: async (hash, user, title, now) => void (await client.token.create({ data: { hash, user, title, createdAt: now } })),
    removeToken: async (hash) => void (await client.token.deleteMany({ where: { hash } })),
    sshKeys: async () => (await client.sshKey.findMany({ orderBy: { id: 'asc' } })).map((row) => row.text),
    setSshKeys: async (keys) => void (await client.$transaction([client.sshKey.deleteMany(), client.sshKey.createMany({ data: [...new Set(keys)].map((text) => ({ text })) })])),
    audit: async (line) => void (await client.audit.create({ data: line })),
    async pruneAudit({ most, least, before }) {
      const others = { not: revoked }
      const [tooMany, old, tooManyRevoked] = [await beyond(others, most), await beyond(others, least), await beyond(revoked, least)]
      const { count } = await client.audit.deleteMany({
        where: { OR: [{ act: others, id: { lte: tooMany } }, { act: others, id: { lte: old }, at: { lt: before } }, { act: revoked, id: { lte: tooManyRevoked } }] }, limit: prunedAtOnce,
      })
      return count === prunedAtOnce
    },
  }
}
