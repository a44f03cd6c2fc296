import type { Claim } from '#contract/operator-api'
import { Refusal } from '../../http/deps.ts'
import type { ClaimDesk } from './held-claims.ts'
import { movedIfLegal } from '../phase.ts'
import type { RamdiskSessions } from '../ramdisk/sessions.ts'
import type { Registry } from '../registry.ts'

/** What deciding on claims needs. */
export interface ClaimActDeps {
  readonly registry: Registry
  readonly claims: ClaimDesk
  readonly sessions: RamdiskSessions
  /** Takes a machine's certificates and its agent's word back. */
  revoke(machineId: string): Promise<void>
  wake(machineId: string): void
  /** Draws the machine anew for those who look. */
  changed(machineId: string): void
  now(): number
}

/** What a person decides about held claims. Both are recorded with who decided, and reject with a `Refusal`. */
export function claimActs(deps: ClaimActDeps) {
  const { registry, claims, sessions, now } = deps
  const present = (id: string) => {
    const claim = claims.find(id)
    if (claim === undefined) throw new Refusal(404, `There is no claim ${id.slice(0, 20)}: the claimant may have started again, and then it has another. See the list of claims.`)
    return claim
  }
  const tell = (claim: Claim): void => { for (const id of [claim.machineId, claim.claimantId]) if (id !== null) deps.changed(id) }

  return {
    async accept(id: string, by: string): Promise<Claim> {
      const claim = present(id)
      if (claim.state === 'accepted') throw new Refusal(409, 'This claim was accepted already.')
      if (!claims.isAsking(claim)) throw new Refusal(409, `The claimant of ${claim.mac} has not asked for a while: turn it on again and decide then.`)
      const accepted = await claims.decide(id, 'accepted')
      if (accepted === undefined) throw new Refusal(404, 'The claim went away meanwhile.')
      const line = { machineId: claim.machineId, kind: 'claim.accepted', level: 'warn' as const, text: `${by} accepted the claim of ${claim.hardware} on ${claim.mac}. ${claim.acceptMeans}`, data: { by, claim: id, mac: claim.mac } }
      if (claim.kind === 'agent') {
        await deps.revoke(claim.machineId)
        // Nothing of the old life counts: an agent that still runs is refused, and its generation is over.
        await registry.change(claim.machineId, (m) => ({
          ...movedIfLegal(m, 'claim.accepted', now()), services: [], steps: [], problem: null, attention: null,
          intent: { generation: m.intent.generation + 1, role: null, imageId: null, diskSerial: null, erase: false, release: false },
        }), line)
        deps.wake(claim.machineId)
      } else await registry.change(claim.machineId, (m) => m, line)
      if (claim.kind !== 'uuid') sessions.grant({ mac: claim.mac, machineId: claim.machineId, uuid: claim.uuid, hash: claim.hash })
      tell(claim)
      return accepted
    },

    async reject(id: string, by: string): Promise<Claim> {
      const claim = present(id)
      if (claim.state === 'accepted' && claim.kind !== 'uuid') throw new Refusal(409, 'This claim was accepted already.')
      const rejected = await claims.decide(id, 'rejected')
      if (rejected === undefined) throw new Refusal(404, 'The claim went away meanwhile.')
      await registry.change(claim.machineId, (m) => m, { machineId: claim.machineId, kind: 'claim.rejected', level: 'info', text: `${by} rejected the claim of ${claim.hardware} on ${claim.mac}: it is given nothing, and nobody is asked again`, data: { by, claim: id, mac: claim.mac } })
      tell(claim)
      return rejected
    },
  }
}
