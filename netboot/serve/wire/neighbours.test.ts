import { describe, expect, it } from 'vitest'
import type { BootEvent, MachineView, NetworkView } from '../../site.ts'
import { watchNeighbours } from './neighbours.ts'

const network: NetworkView = {
  id: 'lab', interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24', gateway: '10.77.0.254', dns: [], ntp: [], relayed: false, ranges: [], excluded: [], leaseSeconds: 3600, domain: '', options: [],
  mode: 'proxy', policy: 'discover', authoritative: false, whenOtherServer: 'warn',
}
const [one, other] = ['52:54:00:0a:0b:0c', '52:54:00:0a:0b:0d']

/** A table that a test writes, and all that came of it. */
function bench(networks: readonly NetworkView[] = [network]) {
  const table = new Map<string, string>()
  const known = new Map<string, MachineView>([[one, { id: 'm1', hostname: null, decision: 'ramdisk', address: null }]])
  const bench = { table, known, nowMs: 0, asked: [] as string[], told: [] as BootEvent[], warned: [] as string[], isBroken: false, isSiteBroken: false, leased: new Set<string>() }
  const neighbours = watchNeighbours({
    site: { machine(mac: string) { if (bench.isSiteBroken) throw new Error('broken on purpose'); return known.get(mac) }, report: (event: BootEvent) => bench.told.push(event) } as never,
    networks: () => networks, hasLease: (_, mac) => bench.leased.has(mac), now: () => bench.nowMs,
    log: { debug() {}, info() {}, error() {}, warn: (_, event) => bench.warned.push(event) },
    find(device, address) {
      bench.asked.push(`${device} ${address}`)
      if (bench.isBroken) throw new Error('no netlink here')
      return table.get(address) ?? null
    },
  })
  return Object.assign(bench, { neighbours })
}

describe('who is behind an address', () => {
  it('is what the kernel says, asked once in five seconds', () => {
    const it = bench()
    it.table.set('10.77.0.63', one)
    expect([it.neighbours.macOf('10.77.0.63'), it.neighbours.macOf('10.77.0.63')]).toEqual([one, one])
    expect(it.asked).toEqual(['eth0 10.77.0.63'])
    it.table.set('10.77.0.63', other)
    it.nowMs = 5001
    expect(it.neighbours.macOf('10.77.0.63')).toBe(other)
  })
  it('is asked again at once where the kernel did not know: it learns with the first answer', () => {
    const it = bench()
    expect(it.neighbours.macOf('10.77.0.63')).toBeNull()
    it.table.set('10.77.0.63', one)
    it.nowMs = 300
    expect(it.neighbours.macOf('10.77.0.63')).toBe(one)
  })
  it.each([['ours', '10.77.0.1'], ['the router’s', '10.77.0.254'], ['of no network', '10.99.0.5'], ['no address', 'x']])('is nobody where the address is %s', (_, address) => {
    const it = bench()
    it.table.set(address, one)
    expect(it.neighbours.macOf(address)).toBeNull()
    expect(it.asked).toEqual([])
  })
  it('is nobody behind a router: all would have its hardware address', () => {
    const it = bench([{ ...network, relayed: true }])
    it.table.set('10.77.0.63', one)
    expect(it.neighbours.macOf('10.77.0.63')).toBeNull()
  })
  it('is nobody where the kernel cannot be asked, and that is said once', () => {
    const it = bench()
    it.isBroken = true
    expect([it.neighbours.macOf('10.77.0.63'), it.neighbours.macOf('10.77.0.64')]).toEqual([null, null])
    expect(it.warned).toEqual(['neighbours.failed'])
  })
  it('is forgotten, the oldest first, where there are more than 4096', () => {
    const it = bench([{ ...network, cidr: '10.77.0.0/16' }])
    for (let n = 0; n < 5000; n += 1) it.neighbours.macOf(`10.77.${(n >> 8) + 2}.${n & 255}`)
    it.asked.length = 0
    it.neighbours.macOf('10.77.2.0')
    it.neighbours.macOf(`10.77.${(4999 >> 8) + 2}.${4999 & 255}`)
    expect(it.asked).toEqual(['eth0 10.77.2.0'])
  })
})

describe('the site is told', () => {
  it('of a machine that it knows, once a minute and when its address changes', () => {
    const it = bench()
    it.table.set('10.77.0.63', one)
    it.table.set('10.77.0.64', one)
    for (const nowMs of [0, 1000, 6000]) { it.nowMs = nowMs; it.neighbours.note('10.77.0.63') }
    expect(it.told).toEqual([{ kind: 'address.seen', mac: one, networkId: 'lab', address: '10.77.0.63' }])
    it.neighbours.note('10.77.0.64')
    it.nowMs = 70_000
    it.neighbours.note('10.77.0.64')
    expect(it.told.map((event) => 'address' in event && event.address)).toEqual(['10.77.0.63', '10.77.0.64', '10.77.0.64'])
  })
  it('of a stranger only once it is known', () => {
    const it = bench()
    it.table.set('10.77.0.63', other)
    it.neighbours.note('10.77.0.63')
    expect(it.told).toEqual([])
    it.known.set(other, { id: 'm2', hostname: null, decision: 'ramdisk', address: null })
    it.neighbours.note('10.77.0.63')
    expect(it.told).toHaveLength(1)
  })
  it('of nobody while the appliance is broken: who is served a file is served all the same', () => {
    const it = bench()
    it.isSiteBroken = true
    it.table.set('10.77.0.63', one)
    it.neighbours.note('10.77.0.63')
    expect([it.told, it.neighbours.macOf('10.77.0.63')]).toEqual([[], one])
  })
  it('not of a second address beside a lease of ours', () => {
    const it = bench([{ ...network, mode: 'full' }])
    it.leased.add(one)
    it.table.set('10.77.0.63', one)
    it.neighbours.note('10.77.0.63')
    expect(it.told).toEqual([])
  })
})
