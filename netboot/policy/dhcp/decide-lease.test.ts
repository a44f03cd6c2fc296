import { describe, expect, it } from 'vitest'
import { testNetwork } from '../../../test/sim/memory-site.ts'
import type { Lease, NetworkView } from '../../site.ts'
import type { BootRequest } from './boot-request.ts'
import { decideAnswer } from './decide-answer.ts'
import { silentRelay } from '../../codec/relay-agent.ts'
import { abandonMs, decideLease, disputedWhy, type Claim } from './decide-lease.ts'
import { LeaseBook } from '../leases/lease-book.ts'

const now = 1_000_000
const mac = '52:54:00:00:00:01'
const other = '52:54:00:00:00:02'

const ask = (fields: Partial<BootRequest>): BootRequest => ({
  type: 'discover', mac, client: { kind: 'system', architecture: null, vendorClass: '', hostname: 'h', uuid: null }, architecture: null, bootClass: null, clientId: '01', requestedAddress: null,
  serverId: null, clientAddress: null, relayAddress: null, relay: silentRelay, subnetSelection: null, wantedSeconds: null, wantsBroadcast: false, wantedOptions: [], maxBytes: 548, ...fields,
})
const lease = (address: string, owner: string, fields: Partial<Lease> = {}): Lease => ({ networkId: 'lab', address, mac: owner, clientId: '', hostname: '', state: 'bound', startedAtMs: 0, expiresAtMs: now + 60_000, ...fields })
const claim = (fields: Partial<Claim> = {}): Claim => ({ mac, reserved: null, preferred: null, isKnown: false, standsBack: false, ...fields })
const decide = (fields: Partial<BootRequest>, leases: Lease[] = [], reserved: string | null = null, network: NetworkView = testNetwork, more: Partial<Claim> = {}) =>
  decideLease(ask(fields), new LeaseBook(network, leases), network, claim({ reserved, isKnown: reserved !== null || leases.some((one) => one.mac === mac), ...more }), now)
const alone: NetworkView = { ...testNetwork, authoritative: true }

describe('decideLease', () => {
  it.each<[string, Partial<BootRequest>, Lease[], string | null, object]>([
    ['DISCOVER of a stranger: an address of the pool', {}, [], null, { kind: 'offer', leaseSeconds: 3600 }],
    ['DISCOVER with a lease: the same address', {}, [lease('10.77.0.150', mac)], null, { kind: 'offer', address: '10.77.0.150' }],
    ['DISCOVER with a lease long past: still the same address', {}, [lease('10.77.0.150', mac, { expiresAtMs: 5 })], null, { kind: 'offer', address: '10.77.0.150' }],
    ['DISCOVER with another client id: still the same address', { clientId: 'ff00' }, [lease('10.77.0.150', mac, { clientId: '01' })], null, { kind: 'offer', address: '10.77.0.150' }],
    ['DISCOVER with a wish that is free: the wish', { requestedAddress: '10.77.0.177' }, [], null, { kind: 'offer', address: '10.77.0.177' }],
    ['DISCOVER with a reservation outside the pool: the reservation', {}, [lease('10.77.0.150', mac)], '10.77.0.20', { kind: 'offer', address: '10.77.0.20' }],
    ['DISCOVER with a reservation that somebody has: another', {}, [lease('10.77.0.20', other)], '10.77.0.20', { kind: 'offer' }],
    ['SELECTING us', { type: 'request', serverId: '10.77.0.1', requestedAddress: '10.77.0.150' }, [], null, { kind: 'ack', lease: { address: '10.77.0.150', mac, state: 'bound', expiresAtMs: now + 3_600_000 } }],
    ['SELECTING another server', { type: 'request', serverId: '10.77.0.2', requestedAddress: '10.77.0.150' }, [], null, { kind: 'ignore', why: 'other-server' }],
    ['SELECTING an address that somebody has', { type: 'request', serverId: '10.77.0.1', requestedAddress: '10.77.0.150' }, [lease('10.77.0.150', other)], null, { kind: 'nak' }],
    ['SELECTING the appliance itself', { type: 'request', serverId: '10.77.0.1', requestedAddress: '10.77.0.1' }, [], null, { kind: 'nak' }],
    ['SELECTING without an address', { type: 'request', serverId: '10.77.0.1' }, [], null, { kind: 'nak' }],
    ['INIT-REBOOT with its own address', { type: 'request', requestedAddress: '10.77.0.150' }, [lease('10.77.0.150', mac)], null, { kind: 'ack' }],
    ['INIT-REBOOT of a client of ours with an address of another network', { type: 'request', requestedAddress: '192.168.1.5' }, [lease('10.77.0.150', mac)], null, { kind: 'nak' }],
    ['INIT-REBOOT of a stranger with an address of another network: silence', { type: 'request', requestedAddress: '192.168.1.5' }, [], null, { kind: 'ignore', why: 'unknown-client' }],
    ['INIT-REBOOT with its old address where one was reserved since', { type: 'request', requestedAddress: '10.77.0.150' }, [lease('10.77.0.150', mac)], '10.77.0.20', { kind: 'nak' }],
    ['INIT-REBOOT with its old address where somebody has the reserved one', { type: 'request', requestedAddress: '10.77.0.150' }, [lease('10.77.0.150', mac), lease('10.77.0.20', other)], '10.77.0.20', { kind: 'ack' }],
    ['INIT-REBOOT of a stranger: silence', { type: 'request', requestedAddress: '10.77.0.150' }, [], null, { kind: 'ignore', why: 'unknown-client' }],
    ['INIT-REBOOT with an address that is no longer its own', { type: 'request', requestedAddress: '10.77.0.151' }, [lease('10.77.0.150', mac)], null, { kind: 'nak' }],
    ['RENEWING', { type: 'request', clientAddress: '10.77.0.150' }, [lease('10.77.0.150', mac)], null, { kind: 'ack' }],
    ['RENEWING for less time than we give', { type: 'request', clientAddress: '10.77.0.150', wantedSeconds: 600 }, [lease('10.77.0.150', mac)], null, { kind: 'ack', leaseSeconds: 600, lease: { expiresAtMs: now + 600_000 } }],
    ['RENEWING for ever', { type: 'request', clientAddress: '10.77.0.150', wantedSeconds: 0xffffffff }, [lease('10.77.0.150', mac)], null, { kind: 'ack', leaseSeconds: 3600 }],
    ['RENEWING what it has while another is reserved: it is not cut off', { type: 'request', clientAddress: '10.77.0.150' }, [lease('10.77.0.150', mac)], '10.77.0.20', { kind: 'ack' }],
    ['REBINDING of a stranger: another server may know it', { type: 'request', clientAddress: '10.77.0.150' }, [], null, { kind: 'ignore', why: 'unknown-client' }],
    ['REBINDING of a stranger with what another has: silence', { type: 'request', clientAddress: '10.77.0.150' }, [lease('10.77.0.150', other)], null, { kind: 'ignore', why: 'unknown-client' }],
    ['REBINDING of a client of ours with what another has', { type: 'request', clientAddress: '10.77.0.150' }, [lease('10.77.0.150', other), lease('10.77.0.160', mac)], null, { kind: 'nak' }],
    ['REBINDING of a client of ours from another network', { type: 'request', clientAddress: '10.78.0.150' }, [lease('10.77.0.150', mac)], null, { kind: 'nak' }],
    ['REQUEST of nothing', { type: 'request' }, [], null, { kind: 'ignore', why: 'not-for-us' }],
    ['DECLINE of its own', { type: 'decline', requestedAddress: '10.77.0.150', serverId: '10.77.0.1' }, [lease('10.77.0.150', mac)], null, { kind: 'decline', lease: { state: 'declined' } }],
    ['DECLINE of another machine\'s', { type: 'decline', requestedAddress: '10.77.0.150', serverId: '10.77.0.1' }, [lease('10.77.0.150', other)], null, { kind: 'ignore', why: 'unknown-client' }],
    ['DECLINE to another server', { type: 'decline', requestedAddress: '10.77.0.150', serverId: '10.77.0.9' }, [lease('10.77.0.150', mac)], null, { kind: 'ignore', why: 'other-server' }],
    ['RELEASE of its own', { type: 'release', clientAddress: '10.77.0.150' }, [lease('10.77.0.150', mac)], null, { kind: 'release', lease: { state: 'released', expiresAtMs: now } }],
    ['RELEASE to another server', { type: 'release', clientAddress: '10.77.0.150', serverId: '10.77.0.9' }, [lease('10.77.0.150', mac)], null, { kind: 'ignore', why: 'other-server' }],
    ['SELECTING the name that the relay gave us', { type: 'request', serverId: '10.9.0.1', requestedAddress: '10.77.0.150', relayAddress: '10.9.0.1', relay: { linkSelection: '10.77.0.0', serverIdOverride: '10.9.0.1' } }, [], null, { kind: 'ack', lease: { relay: '10.9.0.1' } }],
    ['DISCOVER with a wish that lies outside the pool: another', { requestedAddress: '10.77.0.20' }, [], null, { kind: 'offer' }],
    ['RELEASE of another machine\'s', { type: 'release', clientAddress: '10.77.0.150' }, [lease('10.77.0.150', other)], null, { kind: 'ignore', why: 'unknown-client' }],
    ['INFORM', { type: 'inform', clientAddress: '10.77.0.9' }, [], null, { kind: 'inform', address: '10.77.0.9' }],
    ['INFORM without an address', { type: 'inform' }, [], null, { kind: 'ignore', why: 'not-for-us' }],
  ])('%s', (_, fields, leases, reserved, expected) => expect(decide(fields, leases, reserved)).toMatchObject(expected))

  it('gives no address at all in proxy mode', () => expect(decide({}, [], null, { ...testNetwork, mode: 'proxy' })).toEqual({ kind: 'ignore', why: 'proxy-only' }))

  it.each<[string, Partial<BootRequest>, object]>([
    ['INIT-REBOOT with an address of another network', { type: 'request', requestedAddress: '192.168.1.5' }, { kind: 'nak' }],
    ['INIT-REBOOT of a stranger', { type: 'request', requestedAddress: '10.77.0.150' }, { kind: 'nak' }],
    ['RENEWING a lease that was lost', { type: 'request', clientAddress: '10.77.0.150' }, { kind: 'ack' }],
    ['REBINDING what another has', { type: 'request', clientAddress: '10.77.0.160' }, { kind: 'nak' }],
    ['REBINDING from another network', { type: 'request', clientAddress: '10.78.0.150' }, { kind: 'nak' }],
  ])('where we alone give addresses: %s', (_, fields, expected) => expect(decide(fields, [lease('10.77.0.160', other)], null, alone)).toMatchObject(expected))

  it('offers nothing while it stands back, and renews all the same', () => {
    const leases = [lease('10.77.0.150', mac)]
    expect(decide({}, leases, null, testNetwork, { standsBack: true })).toEqual({ kind: 'ignore', why: 'stands-back' })
    expect(decide({ type: 'request', clientAddress: '10.77.0.150' }, leases, null, testNetwork, { standsBack: true })).toMatchObject({ kind: 'ack' })
  })

  it('gives what it had before to a machine whose lease was lost', () =>
    expect(decide({}, [], null, testNetwork, { preferred: '10.77.0.42', isKnown: true })).toMatchObject({ kind: 'offer', address: '10.77.0.42' }))

  it('offers a full pool to nobody, then the address longest out of use', () => {
    const small = { ...testNetwork, ranges: [{ from: '10.77.0.100', to: '10.77.0.102' }] }
    const taken = ['10.77.0.100', '10.77.0.101', '10.77.0.102'].map((address, index) => lease(address, `52:54:00:00:01:0${index}`, { expiresAtMs: now + 1000 }))
    expect(decide({}, taken, null, small)).toEqual({ kind: 'ignore', why: 'pool-full' })
    const past = taken.map((one, index) => ({ ...one, expiresAtMs: now - [30, 90, 60][index]! }))
    expect(decide({}, past, null, small)).toMatchObject({ kind: 'offer', address: '10.77.0.101' })
  })

  describe('where strangers have had all but what is kept for known machines', () => {
    const pool: NetworkView = { ...alone, ranges: [{ from: '10.77.0.100', to: '10.77.0.131' }] }
    const address = (n: number): string => `10.77.0.${100 + n}`
    const taken = (n: number): Lease => lease(address(n), `52:54:00:00:09:${String(n).padStart(2, '0')}`)
    const all = Array.from({ length: 30 }, (_, n) => taken(n))
    const past = lease(address(31), mac, { expiresAtMs: now - 1 })
    const ignored = { kind: 'ignore', why: 'pool-full' }
    it.each<[string, Partial<BootRequest>, Lease[], Partial<Claim>, object]>([
      ['a stranger is offered none', {}, all, {}, ignored],
      ['nor the one it wishes', { requestedAddress: address(30) }, all, {}, ignored],
      ['nor the one it had once', {}, [...all, past], {}, ignored],
      ['nor the one it was seen with', {}, all, { preferred: address(30) }, ignored],
      ['nor does it get one that it chooses without an offer', { type: 'request', serverId: '10.77.0.1', requestedAddress: address(30) }, all, {}, ignored],
      ['nor one that it says it has', { type: 'request', clientAddress: address(30) }, all, {}, ignored],
      ['nor one that it had once, by INIT-REBOOT', { type: 'request', requestedAddress: address(31) }, [...all, past], {}, ignored],
      ['a stranger that has a lease keeps it', { type: 'request', clientAddress: address(30) }, [...all, lease(address(30), mac)], {}, { kind: 'ack' }],
      ['and is offered it', {}, [...all, lease(address(30), mac)], {}, { kind: 'offer', address: address(30) }],
      ['and is refused what another has', { type: 'request', serverId: '10.77.0.1', requestedAddress: address(1) }, all, {}, { kind: 'nak' }],
      ['a known machine is offered one', {}, all, { isKnown: true }, { kind: 'offer' }],
      ['and the one it wishes', { requestedAddress: address(31) }, all, { isKnown: true }, { kind: 'offer', address: address(31) }],
      ['and the one it had once', {}, [...all, past], { isKnown: true }, { kind: 'offer', address: address(31) }],
      ['and is given one', { type: 'request', serverId: '10.77.0.1', requestedAddress: address(30) }, all, { isKnown: true }, { kind: 'ack' }],
    ])('%s', (_, fields, leases, more, expected) => expect(decide(fields, leases, null, pool, { isKnown: false, ...more })).toMatchObject(expected))

    it('a stranger still gets the last one that it was offered', () => {
      const book = new LeaseBook(pool, all.slice(1))
      const offer = decideLease(ask({}), book, pool, claim(), now)
      if (offer.kind !== 'offer') throw new Error(offer.kind)
      expect(decideLease(ask({ mac: other }), book, pool, claim({ mac: other }), now)).toEqual(ignored)
      expect(decideLease(ask({ type: 'request', serverId: '10.77.0.1', requestedAddress: offer.address }), book, pool, claim(), now)).toMatchObject({ kind: 'ack' })
    })
  })

  it('promises one address to one client', () => {
    const book = new LeaseBook({ ...testNetwork, ranges: [{ from: '10.77.0.100', to: '10.77.0.101' }] }, [])
    const offer = (who: string) => decideLease(ask({ mac: who }), book, testNetwork, claim({ mac: who }), now)
    const [first, second] = [offer(mac), offer(other)]
    expect(first).not.toEqual(second)
    expect(offer(mac)).toEqual(first)
    expect(offer('52:54:00:00:00:03')).toEqual({ kind: 'ignore', why: 'pool-full' })
  })

  it('refuses a client the address on which somebody else was found, after a restart and after it went to another, until its lease would have ended', () => {
    const [squatter, later] = ['52:54:00:00:00:09', now + abandonMs + 1]
    const book = new LeaseBook(testNetwork, [lease('10.77.0.150', mac, { expiresAtMs: now + 3_600_000 })])
    const conflict = book.recordConflict(lease('10.77.0.150', squatter, { state: 'conflict', expiresAtMs: now + abandonMs }), now)
    const renewal = ask({ type: 'request', clientAddress: '10.77.0.150' })
    const afterRestart = (stored: Lease, atMs: number) => decideLease(renewal, new LeaseBook(testNetwork, [stored]), testNetwork, claim(), atMs)
    for (const atMs of [now, later]) expect(afterRestart(conflict, atMs)).toEqual({ kind: 'nak', address: '10.77.0.150', why: disputedWhy })
    const given = decideLease(ask({ mac: other, requestedAddress: '10.77.0.150', type: 'request', serverId: '10.77.0.1' }), new LeaseBook(testNetwork, [conflict]), testNetwork, claim({ mac: other }), later)
    if (given.kind !== 'ack') throw new Error(given.kind)
    expect(afterRestart(given.lease, later)).toMatchObject({ kind: 'nak' })
    expect(decideLease(ask({ type: 'request', mac: other, clientAddress: '10.77.0.150' }), new LeaseBook(testNetwork, [given.lease]), testNetwork, claim({ mac: other }), later)).toMatchObject({ kind: 'ack', lease: { displaced: { mac } } })
    const renewed = decideLease(ask({ type: 'request', mac: other, clientAddress: '10.77.0.150' }), new LeaseBook(testNetwork, [given.lease]), testNetwork, claim({ mac: other }), now + 3_600_000)
    expect(renewed).toMatchObject({ kind: 'ack', lease: { mac: other } })
    expect(renewed).not.toHaveProperty('lease.displaced')
  })

  it('leaves a declined address alone for ten minutes', () => {
    const book = new LeaseBook(testNetwork, [lease('10.77.0.150', mac)])
    const declined = decideLease(ask({ type: 'decline', requestedAddress: '10.77.0.150' }), book, testNetwork, claim(), now)
    if (declined.kind === 'decline') book.record(declined.lease)
    expect(book.isFreeFor('10.77.0.150', claim(), now + 60_000)).toBe(false)
    expect(book.isFreeFor('10.77.0.150', claim(), now + 601_000)).toBe(true)
    expect(decideLease(ask({}), book, testNetwork, claim(), now)).not.toMatchObject({ address: '10.77.0.150' })
  })
})

describe('decideAnswer in proxy mode', () => {
  const proxy = { ...testNetwork, mode: 'proxy' as const }
  const boot = { kind: 'boot', file: 'x', nextServer: '10.77.0.1', vendorClass: 'PXEClient', vendorOptions: null, ipxeOptions: null } as const
  it.each<[string, Partial<BootRequest>, number, object]>([
    ['DISCOVER of firmware', {}, 67, { kind: 'reply', grant: { type: 'offer', address: '0.0.0.0', leaseSeconds: null } }],
    ['REQUEST on 67 is for the other server', { type: 'request' }, 67, { kind: 'ignore', why: 'proxy-only' }],
    ['REQUEST on 4011', { type: 'request' }, 4011, { kind: 'reply', grant: { type: 'ack' } }],
    ['DISCOVER on 4011', {}, 4011, { kind: 'ignore', why: 'not-for-us' }],
  ])('%s', (_, fields, port, expected) => expect(decideAnswer(ask(fields), port, boot, new LeaseBook(proxy, []), proxy, { ...claim(), hostname: null }, now)).toMatchObject(expected))
  it('an installed system', () => expect(decideAnswer(ask({}), 67, { kind: 'plain' }, new LeaseBook(proxy, []), proxy, { ...claim(), hostname: null }, now)).toEqual({ kind: 'ignore', why: 'not-pxe' }))
})
