import { describe, expect, it } from 'vitest'
import { Fleet } from '../fleet.ts'
import { identify as identifyAmong, inventName, mostUnassigned, mostUnknown } from './identity.ts'
import { newMachine, type MachineRecord } from '../record.ts'

const uuid = '5c10ad00-0000-4000-8000-0000000000a1'
const now = '2026-01-01T12:00:00.000Z'
const nowMs = Date.parse(now)
const known = (patch: Partial<MachineRecord> = {}): MachineRecord => ({ ...newMachine({ id: 'a', name: 'a', mac: '52:54:00:00:00:01', uuid, now: '2026-01-01T10:00:00.000Z', powerDriver: 'manual' }), phase: 'discovered', ...patch })

/** Each has an id of its own. */
const identify = (machines: readonly MachineRecord[], byMac: MachineRecord | undefined, said: string | null, atMs: number) =>
  identifyAmong(new Fleet(machines.map((machine, n) => ({ ...machine, id: n === 0 ? 'a' : `m${n}` }))), byMac, said, atMs)

describe('which machine a claim belongs to', () => {
  it('is the one with the MAC, whatever the UUID', () => expect(identify([known()], known(), null, nowMs)).toMatchObject({ kind: 'known', machine: { id: 'a' } }))
  it('is one with a new card: same UUID, idle and long unheard', () => expect(identify([known()], undefined, uuid, nowMs)).toMatchObject({ kind: 'known' }))
  it.each([
    ['was heard of just now', { lastSeenAt: now }],
    ['runs a role', { phase: 'ready' }],
    ['is silent', { phase: 'silent' }],
    ['is being deployed', { phase: 'deploying' }],
  ] as const)('stays two where the other %s, and says so', (_, patch) => expect(identify([known(patch)], undefined, uuid, nowMs)).toMatchObject({ kind: 'new', twinOf: { id: 'a' } }))
  it('does not believe a UUID that two machines say', () => expect(identify([known(), known()], undefined, uuid, nowMs)).toMatchObject({ kind: 'new' }))
  it.each(['00000000-0000-0000-0000-000000000000', '03000200-0400-0500-0006-000700080009'])('does not believe %s', (worthless) =>
    expect(identify([known({ uuid: worthless })], undefined, worthless, nowMs)).toEqual({ kind: 'new', twinOf: null }))
  it('refuses a flood of unknown machines', () =>
    expect(identify(Array.from({ length: mostUnknown }, () => known({ phase: 'seen', uuid: null })), undefined, null, nowMs)).toEqual({ kind: 'refused', why: 'too-many-unknown' }))
  it('refuses a flood of machines that say what they are, and no machine that is known', () => {
    const flood = Array.from({ length: mostUnassigned }, () => known({ uuid: null }))
    expect(identify(flood, undefined, uuid, nowMs)).toEqual({ kind: 'refused', why: 'too-many-unassigned' })
    expect(identify(flood, flood[0], uuid, nowMs)).toMatchObject({ kind: 'known' })
    expect(identify(flood.slice(1), undefined, uuid, nowMs)).toMatchObject({ kind: 'new' })
  })
})

describe('inventName', () => {
  it('takes more of the MAC until nobody has it', () => {
    expect(inventName('52:54:00:77:00:01', () => false)).toBe('machine-0001')
    expect(inventName('52:54:00:77:00:01', (name) => name === 'machine-0001')).toBe('machine-770001')
    expect(inventName('5a:53:49:4d:00:01', () => false)).toBe('simulated-0001')
  })
})
