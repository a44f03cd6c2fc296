import { createHash } from 'node:crypto'
import { Claim } from '#contract/operator-api'
import { digest } from '../ramdisk/sessions.ts'

/** Who claims what. `token` proves that the one who asks again is the one that a person saw; only its hash is kept. */
export interface Claimant extends Pick<Claim, 'machineId' | 'claimantId' | 'kind' | 'mac' | 'uuid' | 'hardware' | 'why' | 'acceptMeans'> { readonly token: string }

/** A claim as it is kept. */
export interface KeptClaim extends Claim { readonly hash: string }

/** Where claims survive a restart of control. */
export interface ClaimMemory { load(): string[]; save(key: string, json: string): Promise<void>; remove(key: string): void }

/** Claims on machines that live, until a person decides. */
export interface ClaimDesk {
  /** Takes a claim in; `isNews`: nobody has heard of it within the last minute. Its state is what a person decided, if one did. */
  meet(claimant: Claimant): { claim: Claim; isNews: boolean }
  /** All claims, newest first. */
  list(): Claim[]
  /** Held claims on this machine or by it. */
  heldFor(machineId: string): Claim[]
  find(id: string): KeptClaim | undefined
  /** Whether its claimant still asks. */
  isAsking(claim: Claim): boolean
  /** Whether a person said that these two are two machines, although they say one UUID. */
  areApart(live: { id: string; macs: readonly string[] }, claimant: { id: string; mac: string }): boolean
  /** Resolves when the decision is on disk; undefined where there is no such claim. */
  decide(id: string, state: 'accepted' | 'rejected'): Promise<Claim | undefined>
  /** Forgets what concerns a machine that is forgotten. */
  forget(machineId: string): void
}

const most = 200
const keptMs = 24 * 3600_000
/** A ramdisk that is refused asks again within eight seconds. */
const askingMs = 60_000
const newsMs = 60_000

/**
 * The desk over a small memory.
 *
 * INVARIANTS: one claim for each machine, network card and kind; its id belongs to one token, so that a decision never reaches another
 * claimant than the one a person saw; a rejection stays whatever token comes next; two machines with one UUID, once accepted, stay so.
 */
export function claimDesk(memory: ClaimMemory, now: () => number): ClaimDesk {
  const claims = new Map<string, KeptClaim>(memory.load().map((json) => JSON.parse(json) as KeptClaim).map((claim) => [keyOf(claim), claim]))
  const savedMs = new Map<string, number>()
  const put = async (claim: KeptClaim, always: boolean): Promise<void> => {
    const key = keyOf(claim)
    claims.set(key, claim)
    if (!always && now() - (savedMs.get(key) ?? 0) < newsMs) return
    savedMs.set(key, now())
    await memory.save(key, JSON.stringify(claim))
  }
  const drop = (claim: KeptClaim): void => {
    const key = keyOf(claim)
    claims.delete(key)
    savedMs.delete(key)
    memory.remove(key)
  }
  const isLasting = (claim: Claim): boolean => claim.kind === 'uuid' && claim.state === 'accepted'
  const expire = (): void => { for (const claim of claims.values()) if (!isLasting(claim) && now() - Date.parse(claim.lastAt) > keptMs) drop(claim) }

  return {
    meet({ token, ...said }) {
      expire()
      const before = claims.get(keyOf(said))
      const hash = digest(token)
      const at = new Date(now()).toISOString()
      const state = before === undefined ? 'held' : before.state === 'rejected' || isLasting(before) || before.hash === hash ? before.state : 'held'
      const isNews = before === undefined || now() - Date.parse(before.lastAt) > newsMs
      const claim: KeptClaim = { ...said, hash, state, id: createHash('sha256').update(`${keyOf(said)} ${hash}`).digest('hex').slice(0, 12), firstAt: before?.firstAt ?? at, lastAt: at, times: (before?.times ?? 0) + 1 }
      if (before === undefined && claims.size >= most) {
        const [oldest] = [...claims.values()].filter((one) => !isLasting(one)).sort((a, b) => (a.lastAt < b.lastAt ? -1 : 1))
        if (oldest !== undefined) drop(oldest)
      }
      // A claim that the disk refuses is held all the same, and comes again within seconds.
      put(claim, before === undefined || before.state !== state).catch(() => savedMs.delete(keyOf(claim)))
      return { claim: shown(claim), isNews }
    },
    list() {
      expire()
      return [...claims.values()].sort((a, b) => (a.lastAt < b.lastAt ? 1 : -1)).map(shown)
    },
    heldFor: (machineId) => [...claims.values()].filter((claim) => claim.state === 'held' && (claim.machineId === machineId || claim.claimantId === machineId)).map(shown),
    find: (id) => [...claims.values()].find((claim) => claim.id === id),
    isAsking: (claim) => now() - Date.parse(claim.lastAt) < askingMs,
    areApart: (live, claimant) => [...claims.values()].some((claim) => isLasting(claim) && ((claim.machineId === live.id && claim.mac === claimant.mac) || (claim.machineId === claimant.id && live.macs.includes(claim.mac)))),
    async decide(id, state) {
      const claim = [...claims.values()].find((one) => one.id === id)
      if (claim === undefined) return undefined
      const decided = { ...claim, state }
      await put(decided, true)
      return shown(decided)
    },
    forget(machineId) { for (const claim of claims.values()) if (claim.machineId === machineId || claim.claimantId === machineId) drop(claim) },
  }
}

const keyOf = (claim: Pick<Claim, 'machineId' | 'mac' | 'kind'>): string => `${claim.machineId} ${claim.kind} ${claim.mac}`

/** What leaves the desk: the hash stays. */
const shown = (claim: KeptClaim): Claim => Claim.parse(claim)
