import { describe, expect, it } from 'vitest'
import { testNetwork } from '../../../test/sim/memory-site.ts'
import { seededRandom } from '../../../test/sim/random.ts'
import type { Lease, NetworkView, Reservation } from '../../site.ts'
import { AddressPool } from './address-pool.ts'
import { AddressQueue } from './address-queue.ts'
import { readRanges } from './address-ranges.ts'
import { ExpiryWheel } from './expiry-wheel.ts'
import { LeaseBook, type Client } from './lease-book.ts'
import { ReservationIndex } from './reservation-index.ts'

const now = 1_000_000
const macOf = (n: number): string => `52:54:00:${[n >> 16, n >> 8, n].map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':')}`
const who = (n: number, fields: Partial<Client> = {}): Client => ({ mac: macOf(n), reserved: null, isKnown: false, ...fields })
const lease = (address: string, n: number, fields: Partial<Lease> = {}): Lease => ({ networkId: 'lab', address, mac: macOf(n), clientId: '', hostname: '', state: 'bound', startedAtMs: 0, expiresAtMs: now + 60_000, ...fields })
const network = (from: string, to: string, fields: Partial<NetworkView> = {}): NetworkView => ({ ...testNetwork, cidr: '10.77.0.0/16', ranges: [{ from, to }], ...fields })
const reserve = (address: string, match: Reservation['match'] = { mac: macOf(9) }): Reservation => ({ networkId: 'lab', address, match })

describe('AddressPool', () => {
  it('keeps its promises whatever is done to it', () => {
    const random = seededRandom(11)
    const pool = new AddressPool(50)
    const free = new Set(Array.from({ length: 50 }, (_, index) => index))
    const probed = new Set<number>()
    for (let step = 0; step < 3000; step += 1) {
      const index = Math.floor(random() * 50)
      const act = Math.floor(random() * 4)
      if (act === 0) { pool.take(index); free.delete(index); probed.delete(index) }
      if (act === 1) { pool.giveBack(index); free.add(index) }
      if (act === 2) { pool.markProbed(index); if (free.has(index)) probed.add(index) }
      if (act === 3) { pool.unprobe(index); probed.delete(index) }
      expect([pool.freeCount, pool.probedCount]).toEqual([free.size, probed.size])
      const [picked, unprobed] = [pool.pick(step), pool.pickUnprobed(step)]
      if (picked !== undefined) expect((probed.size > 0 ? probed : free).has(picked)).toBe(true)
      else expect(free.size).toBe(0)
      if (unprobed !== undefined) expect(free.has(unprobed) && !probed.has(unprobed)).toBe(true)
      else expect(free.size).toBe(probed.size)
    }
  })
})

describe('ExpiryWheel', () => {
  it('ends each once, never early, at most a second late, whatever the gaps', () => {
    const random = seededRandom(5)
    const wheel = new ExpiryWheel()
    const ends = new Map<string, number>()
    let at = 0
    for (let step = 0; step < 1500; step += 1) {
      const key = String(Math.floor(random() * 100))
      const end = at + Math.floor(random() * 20_000) - 2000
      wheel.set(key, end)
      ends.set(key, Math.max(end, at))
      at += random() < 0.01 ? 1_000_000 : Math.floor(random() * 500)
      for (const ended of wheel.ended(at)) {
        expect(ends.get(ended) ?? Infinity).toBeLessThanOrEqual(at)
        ends.delete(ended)
      }
      for (const end of ends.values()) expect(end).toBeGreaterThan(at - 2001)
    }
  })
})

describe('AddressQueue', () => {
  it('is in order of what came first, whatever is deleted', () => {
    const random = seededRandom(3)
    const queue = new AddressQueue()
    const model: string[] = []
    for (let step = 0; step < 3000; step += 1) {
      const address = String(Math.floor(random() * 30))
      if (random() < 0.5) { queue.add(address); if (!model.includes(address)) model.push(address) }
      else { queue.delete(address); if (model.includes(address)) model.splice(model.indexOf(address), 1) }
      expect([queue.first, queue.size, [...queue]]).toEqual([model[0], model.length, model])
    }
  })
  it('has its first one at once after very many were taken off its head', () => {
    const time = (count: number): number => {
      const queue = new AddressQueue()
      for (let n = 0; n < count; n += 1) queue.add(String(n))
      for (let n = 0; n < count / 2; n += 1) queue.delete(String(n))
      const began = process.cpuUsage()
      let seen = 0
      for (let n = 0; n < 20_000; n += 1) seen += queue.first === undefined ? 0 : 1
      expect(seen).toBe(20_000)
      return process.cpuUsage(began).user / 1000
    }
    time(1000)
    // Over what was deleted in a Set it takes a second and more.
    expect(Math.min(time(200_000), time(200_000))).toBeLessThan(Math.min(time(1000), time(1000)) * 20 + 50)
  })
})

describe('readRanges', () => {
  it('numbers several ranges without gaps and leaves out what nobody may have', () => {
    const ranges = readRanges({ ...testNetwork, gateway: '10.77.0.254', ranges: [{ from: '10.77.0.0', to: '10.77.0.9' }, { from: '10.77.0.250', to: '10.77.1.9' }], excluded: [{ from: '10.77.0.5', to: '10.77.0.6' }] })
    expect(ranges.size).toBe(16)
    expect([0, 9, 10, 15].map(ranges.address)).toEqual(['10.77.0.0', '10.77.0.9', '10.77.0.250', '10.77.0.255'])
    expect(['10.77.0.250', '10.77.0.100', 'x'].map(ranges.index)).toEqual([10, undefined, undefined])
    expect(Array.from(ranges.left, ranges.address).sort()).toEqual(['10.77.0.0', '10.77.0.1', '10.77.0.254', '10.77.0.255', '10.77.0.5', '10.77.0.6'])
  })
  it.each([[[{ from: '10.77.0.9', to: '10.77.0.1' }]], [[{ from: 'x', to: '10.77.0.1' }]], [[{ from: '10.99.0.1', to: '10.99.0.9' }]], [[]]])('takes %j as empty', (ranges) => expect(readRanges({ ...testNetwork, ranges }).size).toBe(0))
  it('counts an overlap once, and not more than it can keep', () => {
    expect(readRanges({ ...testNetwork, ranges: [{ from: '10.77.0.1', to: '10.77.0.9' }, { from: '10.77.0.5', to: '10.77.0.20' }] }).size).toBe(9)
    expect(readRanges({ ...testNetwork, cidr: '10.0.0.0/8', ranges: [{ from: '10.0.0.1', to: '10.255.255.254' }] }).size).toBe(2 ** 20)
  })
})

describe('LeaseBook', () => {
  it('gives out every address of its ranges once, and those that were left out never', () => {
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.119', { excluded: [{ from: '10.77.0.105', to: '10.77.0.107' }] }), [], new ReservationIndex([reserve('10.77.0.110')]).addresses('lab'))
    const given = new Set<string>()
    for (let n = 0; n < 30; n += 1) {
      const address = book.choose(who(n, { isKnown: true }), now)
      if (address === undefined) continue
      book.hold(address, who(n, { isKnown: true }), now)
      given.add(address)
    }
    expect(given.size).toBe(16)
    for (const address of ['10.77.0.105', '10.77.0.106', '10.77.0.107', '10.77.0.110']) expect(given).not.toContain(address)
  })

  it('keeps a reserved address for whom it is', () => {
    const book = new LeaseBook(testNetwork, [], new ReservationIndex([reserve('10.77.0.110')]).addresses('lab'))
    expect(book.isFreeFor('10.77.0.110', who(1), now)).toBe(false)
    expect(book.isFreeFor('10.77.0.110', who(9, { reserved: '10.77.0.110' }), now)).toBe(true)
  })

  it('follows its network: new ranges and reservations count at once, leases stay', () => {
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.100'), [lease('10.77.0.100', 1)])
    expect(book.choose(who(2), now)).toBeUndefined()
    book.update(network('10.77.0.100', '10.77.0.101'), new Map())
    expect(book.choose(who(2), now)).toBe('10.77.0.101')
    book.update(network('10.77.0.100', '10.77.0.102'), new ReservationIndex([reserve('10.77.0.101')]).addresses('lab'))
    expect(book.choose(who(2), now)).toBe('10.77.0.102')
    expect(book.ofMac(macOf(1))?.address).toBe('10.77.0.100')
    expect(book.freeCount).toBe(1)
  })

  it('counts an address that was given back before it began once', () => {
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.101'), [lease('10.77.0.100', 1, { state: 'released', expiresAtMs: 5 })])
    book.sweep(now)
    expect(book.freeCount).toBe(2)
  })

  it('has an address again when its hold or its lease is over', () => {
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.101'), [lease('10.77.0.100', 1, { expiresAtMs: now + 5000 })])
    book.hold('10.77.0.101', who(2), now)
    expect(book.freeCount).toBe(0)
    book.sweep(now + 6001)
    expect([book.freeCount, book.choose(who(3), now + 6001)]).toEqual([1, '10.77.0.100'])
    book.sweep(now + 61_001)
    expect([book.freeCount, book.heldCount]).toEqual([2, 0])
  })

  it('keeps an address for its client while its lease is on the way to the disk, also where that fails', () => {
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.100'), [])
    book.hold('10.77.0.100', who(1), now)
    book.commit('10.77.0.100', macOf(1))
    expect(book.choose(who(2, { isKnown: true }), now + 61_000)).toBeUndefined()
    expect(book.isFreeFor('10.77.0.100', who(2), now + 61_000, 'strangers')).toBe(false)
    book.settled('10.77.0.100', now + 61_000)
    expect(book.choose(who(2), now + 61_000)).toBe('10.77.0.100')
  })

  it('serves machines that are known while strangers ask without end, and remembers only what its addresses bound', () => {
    const book = new LeaseBook(network('10.77.1.0', '10.77.1.255'), [lease('10.77.1.7', 1, { expiresAtMs: now - 1000 }), lease('10.77.1.8', 2)])
    let served = 0
    for (let n = 1000; n < 60_000; n += 1) {
      const address = book.choose(who(n), now + n / 5)
      if (address !== undefined) { book.hold(address, who(n), now + n / 5); served += 1 }
    }
    expect(served).toBeGreaterThan(200)
    expect(book.heldCount).toBeLessThanOrEqual(256)
    const at = now + 40_000
    expect(book.isFreeFor('10.77.1.7', who(1, { isKnown: true }), at, 'strangers')).toBe(true)
    expect(book.isFreeFor('10.77.1.8', who(2, { isKnown: true }), at)).toBe(true)
    const newcomers = Array.from({ length: 100 }, (_, n) => who(500 + n, { isKnown: true })).map((client) => {
      const address = book.choose(client, at)
      if (address !== undefined) book.hold(address, client, at)
      return address
    })
    expect(new Set(newcomers).size).toBe(100)
    expect(newcomers).not.toContain(undefined)
  })

  it('costs the same for one packet, however large the pool and however many the leases', () => {
    const time = (addresses: number, leases: number): number => {
      const base = 10 * 2 ** 24 + 2 ** 16
      const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
      const wide = network(dotted(base), dotted(base + addresses - 1), { cidr: '10.0.0.0/8' })
      const book = new LeaseBook(wide, Array.from({ length: leases }, (_, n) => lease(dotted(base + n), n)))
      book.sweep(now)
      const began = process.cpuUsage()
      for (let n = 0; n < 2000; n += 1) {
        const client = who(1_000_000 + n)
        const address = book.choose(client, now + n) ?? ''
        book.hold(address, client, now + n)
        book.record(lease(address, 1_000_000 + n))
      }
      return process.cpuUsage(began).user / 1000
    }
    time(12_000, 1000)
    const [small, large] = [Math.min(time(12_000, 1000), time(12_000, 1000)), Math.min(time(100_000, 50_000), time(100_000, 50_000))]
    // A scan of the pool or of the leases would be a hundred times slower; memory caches alone make some difference.
    expect(large).toBeLessThan(small * 10 + 20)
  }, 60_000)

  it('has those asked about that were in use before, longest out of use first, and gives out those on which nobody answered', () => {
    const past = [30, 90, 60].map((ago, n) => lease(`10.77.0.10${n}`, n, { expiresAtMs: now - ago }))
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.103'), past)
    book.sweep(now)
    const toProbe = (many: number, enough: number, asked = ''): string[] => [...book.toProbe(0, many, enough, (address) => address === asked)]
    expect(toProbe(8, 1024)).toEqual(['10.77.0.103', '10.77.0.101', '10.77.0.102', '10.77.0.100'])
    book.foundSilent('10.77.0.103')
    expect(toProbe(8, 1024)).toEqual(['10.77.0.101', '10.77.0.102', '10.77.0.100'])
    expect(toProbe(1, 1024, '10.77.0.101')).toEqual(['10.77.0.102'])
    expect(toProbe(8, 1)).toEqual([])
    book.hold('10.77.0.103', who(7), now)
    expect(book.choose(who(8), now)).toBe('10.77.0.101')
    book.foundSilent('10.77.0.100')
    expect(book.choose(who(8), now)).toBe('10.77.0.100')
    book.forgetSilent()
    expect([book.choose(who(8), now), toProbe(8, 1024)]).toEqual(['10.77.0.101', ['10.77.0.101', '10.77.0.102', '10.77.0.100']])
  })

  it('refuses an address to whom it was while somebody else was found on it, until it is offered anew', () => {
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.103'), [lease('10.77.0.100', 1)])
    book.recordConflict(lease('10.77.0.100', 9, { state: 'conflict' }), now)
    expect([book.isDisputed('10.77.0.100', macOf(1)), book.isDisputed('10.77.0.100', macOf(2)), book.ofMac(macOf(1))]).toEqual([true, false, undefined])
    book.hold('10.77.0.100', who(1), now + 61_000)
    expect(book.isDisputed('10.77.0.100', macOf(1))).toBe(false)
  })

  it.each<[string, (book: LeaseBook) => void, number]>([
    ['by the lease that it had', () => undefined, now + 60_000],
    ['by the lease that it was about to have', (book) => book.hold('10.77.0.101', who(1), now), now + testNetwork.leaseSeconds * 1000],
  ])('tells the store until when whose address it was may use it: %s', (_, prepare, untilMs) => {
    const book = new LeaseBook(network('10.77.0.100', '10.77.0.103'), [lease('10.77.0.100', 1)])
    prepare(book)
    const address = book.heldFor(macOf(1)) ?? '10.77.0.100'
    const told = book.recordConflict(lease(address, 9, { state: 'conflict' }), now)
    expect(told).toMatchObject({ state: 'conflict', mac: macOf(9), displaced: { mac: macOf(1), untilMs } })
    const again = book.recordConflict(lease(address, 8, { state: 'conflict' }), now + 1)
    expect(again).toMatchObject({ mac: macOf(8), displaced: { mac: macOf(1), untilMs } })
    const restarted = new LeaseBook(network('10.77.0.100', '10.77.0.103'), [again])
    expect([1, 8, 9].map((n) => restarted.isDisputed(address, macOf(n)))).toEqual([true, false, false])
    expect([restarted.displacedFrom(address, macOf(2), untilMs - 1), restarted.displacedFrom(address, macOf(1), untilMs - 1), restarted.displacedFrom(address, macOf(2), untilMs)]).toEqual([{ mac: macOf(1), untilMs }, undefined, undefined])
    restarted.record(lease(address, 2))
    expect(restarted.isDisputed(address, macOf(1))).toBe(false)
  })

  it('leaves its own address, the gateway, and the ends of the subnet to nobody', () => {
    const book = new LeaseBook(testNetwork, [])
    expect(['10.77.0.1', '10.77.0.0', '10.77.0.255', '10.78.0.5', '10.77.0.9'].map((address) => book.onNetwork(address))).toEqual([false, false, false, false, true])
  })
})

describe('ReservationIndex', () => {
  const index = new ReservationIndex([reserve('10.77.0.1', { uuid: 'AAAA' }), reserve('10.77.0.2', { clientId: 'FF01' }), reserve('10.77.0.3', { mac: macOf(3) }), { ...reserve('10.88.0.3', { mac: macOf(4) }), networkId: 'other' }])
  it.each([
    ['by UUID', 5, '', 'aaaa', '10.77.0.1'], ['by client id before UUID', 5, 'ff01', 'aaaa', '10.77.0.2'], ['by MAC before all', 3, 'ff01', 'aaaa', '10.77.0.3'], ['nothing', 5, '', null, undefined],
    ['of another network only', 4, '', null, undefined],
  ] as const)('%s', (_, n, clientId, uuid, expected) => expect(index.find('lab', { mac: macOf(n), clientId, uuid })?.address).toBe(expected))
})
