import { describe, expect, it } from 'vitest'
import type { Lease } from '#netboot/site'
import { pageLeases, refuseRelease, renderLease, stateOf } from './lease-view.ts'
import { freshMain, settle } from './network-config.ts'

const now = Date.parse('2026-01-01T12:00:00Z')
const network = settle(freshMain({ interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24', mode: 'full', nameServers: [] }), { interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24', mode: 'full', nameServers: [] })
const lease = (change: Partial<Lease> = {}): Lease => ({ networkId: 'provisioning', address: '10.77.0.101', mac: '52:54:00:00:00:01', clientId: '01525400000001', hostname: 'node', state: 'bound', startedAtMs: now - 1000, expiresAtMs: now + 1000, ...change })
const reservation = (mac: string) => ({ networkId: 'provisioning', address: '10.77.0.101', match: { mac }, hostname: '', by: 'root', createdAt: '' })
const machine = { id: 'm1', name: 'sc-01' }

describe('the state of a lease', () => {
  it.each<[Partial<Lease>, string]>([[{}, 'bound'], [{ expiresAtMs: now }, 'expired'], [{ state: 'released' }, 'released'], [{ state: 'declined' }, 'declined'], [{ state: 'declined', expiresAtMs: now - 1 }, 'expired'], [{ state: 'conflict' }, 'conflict']])('%j is %s', (change, state) => expect(stateOf(lease(change), now)).toBe(state))
})

describe('why', () => {
  it.each<[string, Partial<Lease>, { reserved?: string; known?: boolean }, string]>([
    ['a machine', {}, { known: true }, 'From the pool: sc-01 keeps the first address that it got.'],
    ['a stranger', {}, {}, 'From the pool, to a client that is no machine of the fleet.'],
    ['its own reservation', {}, { reserved: '52:54:00:00:00:01' }, 'Reserved for this client.'],
    ["another's reservation", {}, { reserved: '52:54:00:00:00:02' }, 'Reserved for somebody else since'],
    ['outside of the range', { address: '10.77.0.9' }, {}, 'Outside of what is given out now'],
    ['expired', { expiresAtMs: now - 1 }, {}, 'Not renewed'], ['expired and reserved', { expiresAtMs: now - 1 }, { reserved: '52:54:00:00:00:01' }, 'Reserved for this client, which is away.'],
    ['released', { state: 'released' }, {}, 'Given back'], ['declined', { state: 'declined' }, {}, 'somebody else uses this address'], ['conflict', { state: 'conflict' }, {}, 'was never given it'],
  ])('%s', (_, change, { reserved, known }, sentence) => expect(renderLease(lease(change), { network, machine: known ? machine : undefined, reservation: reserved === undefined ? undefined : reservation(reserved), nowMs: now }).why).toContain(sentence))
})

describe('a page of leases', () => {
  const all = [lease({ address: '10.77.0.100' }), lease({ address: '10.77.0.101', mac: '52:54:00:00:00:02', state: 'declined' }), lease({ address: '10.77.0.102', mac: '52:54:00:00:00:03', state: 'conflict' }), lease({ address: '10.77.0.103', hostname: 'printer', expiresAtMs: 0 })]
  const page = (query: object) => pageLeases([all.map((lease) => ({ lease }))], { text: '', offset: 0, limit: 10, ...query }, (mac) => (mac.endsWith('02') ? 'sc-07' : undefined), (one) => renderLease(one, { network, machine: undefined, reservation: undefined, nowMs: now }), now)
  it('counts all that fit', () => expect(page({})).toMatchObject({ total: 4, counts: { bound: 1, declined: 1, conflict: 1, expired: 1, released: 0 } }))
  it('finds by every word', () => expect(page({ text: 'PRINTER 0.103' }).leases.map((one) => one.address)).toEqual(['10.77.0.103']))
  it('finds by the name of the machine', () => expect(page({ text: 'sc-07' }).leases.map((one) => one.address)).toEqual(['10.77.0.101']))
  it('shows declined ones among conflicts', () => expect(page({ state: 'conflict' }).leases.map((one) => one.address)).toEqual(['10.77.0.101', '10.77.0.102']))
  it('goes on after an offset', () => expect(page({ offset: 3, limit: 1 })).toMatchObject({ total: 4, leases: [{ address: '10.77.0.103' }] }))
})

describe('a release by a person', () => {
  const heard = (phase: 'ready' | 'discovered', agoMs: number) => ({ name: 'sc-01', phase, lastSeenAt: new Date(now - agoMs).toISOString() })
  it.each<[string, Lease, Parameters<typeof refuseRelease>[1], string | undefined]>([
    ['of a machine at work is refused', lease(), heard('ready', 3_600_000), 'is in use by sc-01, which is ready'], ['of a machine heard just now is refused', lease(), heard('discovered', 1000), 'switch it off first'],
    ['of a machine away is allowed', lease(), heard('discovered', 3_600_000), undefined], ['of a stranger is allowed', lease(), undefined, undefined],
    ['of a lease that ran out is allowed', lease({ expiresAtMs: 0 }), heard('ready', 0), undefined], ['of a conflict is allowed', lease({ state: 'conflict' }), heard('ready', 0), undefined],
  ])('%s', (_, one, holder, sentence) => sentence === undefined ? expect(refuseRelease(one, holder, now)).toBeUndefined() : expect(refuseRelease(one, holder, now)).toContain(sentence))
})
