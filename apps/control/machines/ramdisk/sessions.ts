import { createHash, timingSafeEqual } from 'node:crypto'

/** A ramdisk that was heard of. Only the hash of its bearer token is kept. */
interface Session { readonly mac: string; readonly machineId: string; readonly uuid: string | null; readonly hash: string; lastMs: number; bootedMs: number }

/** What a claim on a MAC is worth. */
export type Claim = { kind: 'owner' } | { kind: 'held'; by: 'mac' | 'uuid'; machineId: string }

/** Where sessions survive a restart of control. */
export interface SessionMemory { load(): string[]; save(mac: string, json: string): void; remove(mac: string): void }

/** Which live ramdisk owns which MAC and UUID. */
export interface RamdiskSessions {
  /** Claims `mac` for a token: the first one owns it until the machine boots again or is silent for a while. */
  claim(claim: { mac: string; machineId: string; uuid: string | null; token: string; /** A person said that others with its UUID are other machines. */ apart?: boolean }): Claim
  /** Gives `mac` to the token with this hash, whoever had it: a person decided so. */
  grant(session: { mac: string; machineId: string; uuid: string | null; hash: string }): void
  /** Whether `token` owns `mac`; counts as a sign of life. */
  touch(mac: string, token: string): boolean
  /** The firmware of `mac` asked for its boot script: what ran there before does not run any more. */
  rebooted(mac: string): void
  /** Milliseconds since 1970 at which the machine's present ramdisk claimed it; undefined where none lives. */
  liveSince(machineId: string): number | undefined
  /** Forgets what `machineId` had: it boots something else. */
  end(machineId: string): void
}

/** A ramdisk asks at least every 25 s; after this long it is gone. */
const silentMs = 60_000

/** What is kept of a session's token: its SHA-256, in hex. */
export const digest = (token: string): string => createHash('sha256').update(token).digest('hex')
const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** Sessions over a small memory that survives restarts. */
export function ramdiskSessions(memory: SessionMemory, now: () => number): RamdiskSessions {
  const sessions = new Map<string, Session>(memory.load().map((json) => JSON.parse(json) as Session).map((session) => [session.mac, session]))
  const rebootedAt = new Map<string, number>()
  const isLive = (session: Session): boolean => now() - session.lastMs < silentMs && (rebootedAt.get(session.mac) ?? 0) <= session.lastMs
  return {
    claim({ mac, machineId, uuid, token, apart }) {
      const hash = digest(token)
      const present = sessions.get(mac)
      if (present !== undefined && !same(present.hash, hash) && isLive(present)) return { kind: 'held', by: 'mac', machineId: present.machineId }
      for (const other of sessions.values())
        if (apart !== true && other.mac !== mac && other.machineId !== machineId && uuid !== null && other.uuid === uuid && isLive(other)) return { kind: 'held', by: 'uuid', machineId: other.machineId }
      const session: Session = { mac, machineId, uuid, hash, lastMs: now(), bootedMs: present !== undefined && same(present.hash, hash) ? present.bootedMs : now() }
      sessions.set(mac, session)
      memory.save(mac, JSON.stringify(session))
      return { kind: 'owner' }
    },
    grant({ mac, machineId, uuid, hash }) {
      const session: Session = { mac, machineId, uuid, hash, lastMs: now(), bootedMs: now() }
      sessions.set(mac, session)
      memory.save(mac, JSON.stringify(session))
      rebootedAt.delete(mac)
    },
    touch(mac, token) {
      const session = sessions.get(mac)
      if (session === undefined || !same(session.hash, digest(token))) return false
      session.lastMs = now()
      return true
    },
    rebooted: (mac) => void rebootedAt.set(mac, now() + 1),
    liveSince(machineId) {
      for (const session of sessions.values()) if (session.machineId === machineId && isLive(session)) return session.bootedMs
      return undefined
    },
    end(machineId) {
      for (const [mac, session] of sessions) if (session.machineId === machineId) {
        sessions.delete(mac)
        memory.remove(mac)
      }
    },
  }
}
