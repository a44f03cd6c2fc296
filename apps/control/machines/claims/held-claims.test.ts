import { describe, expect, it } from 'vitest'
import { claimDesk, type Claimant, type ClaimMemory } from './held-claims.ts'

const minute = 60_000
const claimant = (more: Partial<Claimant> = {}): Claimant => ({ machineId: 'm1', claimantId: null, kind: 'mac', mac: '52:54:00:00:00:01', uuid: 'u', hardware: 'Sim', why: 'Two claim it', acceptMeans: 'It becomes m1.', token: 'first', ...more })

function open(stored = new Map<string, string>(), clock = { ms: 0 }) {
  const memory: ClaimMemory = { load: () => [...stored.values()], save: async (key, json) => void stored.set(key, json), remove: (key) => void stored.delete(key) }
  return { desk: claimDesk(memory, () => clock.ms), stored, clock }
}

describe('held claims', () => {
  it('are held, told once a minute, and shown on both machines', () => {
    const { desk, clock } = open()
    expect(desk.meet(claimant({ claimantId: 'm2' }))).toMatchObject({ isNews: true, claim: { state: 'held', times: 1 } })
    clock.ms = 8000
    expect(desk.meet(claimant({ claimantId: 'm2' }))).toMatchObject({ isNews: false, claim: { times: 2 } })
    expect(desk.heldFor('m1')).toEqual(desk.heldFor('m2'))
    expect(desk.heldFor('m3')).toEqual([])
    expect(JSON.stringify(desk.list())).not.toMatch(/"first"|hash/)
  })

  it('belong to one token: who starts again has another claim, and an acceptance does not reach it', async () => {
    const { desk } = open()
    const { claim } = desk.meet(claimant())
    const other = desk.meet(claimant({ token: 'second' })).claim
    expect(other.id).not.toBe(claim.id)
    expect(await desk.decide(claim.id, 'accepted')).toBeUndefined()
    await desk.decide(other.id, 'accepted')
    expect(desk.meet(claimant({ token: 'second' })).claim.state).toBe('accepted')
    expect(desk.meet(claimant({ token: 'third' })).claim.state).toBe('held')
  })

  it('stay rejected whatever token comes, and survive a restart', async () => {
    const { desk, stored } = open()
    await desk.decide(desk.meet(claimant()).claim.id, 'rejected')
    const again = open(stored).desk
    expect(again.meet(claimant({ token: 'second' })).claim.state).toBe('rejected')
    expect(again.heldFor('m1')).toEqual([])
  })

  it('keep two machines of one UUID apart for good once a person said so, and only those', async () => {
    const { desk, clock } = open()
    await desk.decide(desk.meet(claimant({ kind: 'uuid', mac: '52:54:00:00:00:02' })).claim.id, 'accepted')
    clock.ms = 400 * 24 * 60 * minute
    const live = { id: 'm1', macs: ['52:54:00:00:00:01'] }
    expect(desk.areApart(live, { id: '', mac: '52:54:00:00:00:02' })).toBe(true)
    expect(desk.areApart({ id: 'm2', macs: ['52:54:00:00:00:02'] }, { id: 'm1', mac: '52:54:00:00:00:01' })).toBe(true)
    expect(desk.areApart(live, { id: '', mac: '52:54:00:00:00:03' })).toBe(false)
  })

  it('go after a day, are bounded, and leave with their machine', () => {
    const { desk, clock, stored } = open()
    for (let n = 0; n < 300; n += 1) desk.meet(claimant({ mac: `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}` }))
    expect(desk.list()).toHaveLength(200)
    desk.forget('m1')
    expect(stored.size).toBe(0)
    const { claim } = desk.meet(claimant())
    clock.ms = 2 * minute
    expect(desk.isAsking(claim)).toBe(false)
    clock.ms = 25 * 60 * minute
    expect(desk.list()).toEqual([])
  })
})
