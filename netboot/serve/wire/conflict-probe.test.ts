import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { simulatedMacPrefix } from '#contract/simulated'
import { memorySite, testNetwork } from '../../../test/sim/memory-site.ts'
import { decodeIpv4, encodeIpv4 } from '../../codec/ipv4.ts'
import type { Lease, MachineView } from '../../site.ts'
import { probeConflicts } from './conflict-probe.ts'
import { openBooks } from '../dhcp/books.ts'

const network = { ...testNetwork, ranges: [{ from: '10.77.0.100', to: '10.77.0.102' }] }
const [client, squatter] = ['52:54:00:00:00:01', '52:54:00:00:00:09']
const bytesOf = (mac: string): number[] => mac.split(':').map((pair) => Number.parseInt(pair, 16))
const view = (id: string): MachineView => ({ id, hostname: null, decision: 'localDisk', address: null })

/** A wire on which some addresses are in use; the prober's question is answered at once. */
function openWire(users: Readonly<Record<string, string | readonly string[]>>, stored: readonly Lease[] = []) {
  const site = memorySite([network])
  site.stored.push(...stored)
  const books = openBooks(site)
  const [served = network] = books.networks()
  const answers: Uint8Array[] = []
  const asked: string[] = []
  const probe = probeConflicts({
    site, device: 'eth0', mac: Uint8Array.from(bytesOf('52:54:00:00:00:aa')), books, now: Date.now,
    frames: {
      send(_, __, packet) {
        const address = decodeIpv4(packet, 24)
        asked.push(address)
        for (const user of [users[address] ?? []].flat()) answers.push(Uint8Array.from([...bytesOf('52:54:00:00:00:aa'), ...bytesOf(user), 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, ...bytesOf(user), ...encodeIpv4(address), ...bytesOf('52:54:00:00:00:aa'), 0, 0, 0, 0]))
      },
      receive: () => undefined, close() {},
    },
    replies: { receive: () => answers.shift(), close() {} }, log: { debug() {}, info() {}, warn() {}, error() {} },
  })
  return { site, probe, asked, network: served, book: books.book(served), conflicts: () => site.events.filter((event) => event.kind === 'dhcp.conflict') }
}
const lease = (fields: Partial<Lease> = {}): Lease => ({ networkId: 'lab', address: '10.77.0.100', mac: client, clientId: '', hostname: '', state: 'bound', startedAtMs: 0, expiresAtMs: Date.now() + 60_000, ...fields })

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

describe('the conflict prober', () => {
  it('asks about addresses that were in use before, and sets aside one that somebody else uses now', async () => {
    const past = { expiresAtMs: Date.now() - 1000 }
    const wire = openWire({ '10.77.0.101': squatter }, [lease(past), lease({ ...past, address: '10.77.0.101', mac: '52:54:00:00:00:02' }), lease({ ...past, address: '10.77.0.102', mac: '52:54:00:00:00:03', state: 'released' })])
    wire.book.sweep(Date.now())
    await vi.advanceTimersByTimeAsync(1500)
    expect([...wire.asked].sort()).toEqual(['10.77.0.100', '10.77.0.101', '10.77.0.102'])
    expect(wire.conflicts()).toMatchObject([{ address: '10.77.0.101', ownerMac: squatter, clientMac: null }])
    expect(wire.book.freeCount).toBe(2)
    expect(wire.site.stored.at(-1)).toMatchObject({ address: '10.77.0.101', state: 'conflict' })
    wire.probe.close()
  })

  it('keeps an address for its client of before who never stopped using it', () => {
    const wire = openWire({ '10.77.0.100': client }, [lease({ expiresAtMs: Date.now() - 1000 })])
    wire.book.sweep(Date.now())
    vi.advanceTimersByTime(1500)
    expect(wire.conflicts()).toEqual([])
    expect(wire.book.heldFor(client)).toBe('10.77.0.100')
    wire.probe.close()
  })

  it.each([['alone', [squatter]], ['after its client', [client, squatter]]])('tells of somebody else who answers %s on an address that its client has by now, who is refused it also after a restart', async (_, users) => {
    const wire = openWire({ '10.77.0.100': users })
    wire.book.hold('10.77.0.100', { mac: client, isKnown: false }, Date.now())
    wire.probe.promised(wire.network, '10.77.0.100')
    wire.book.record(lease())
    await vi.advanceTimersByTimeAsync(300)
    expect(wire.conflicts()).toMatchObject([{ address: '10.77.0.100', ownerMac: squatter, clientMac: client }])
    expect(wire.book.isDisputed('10.77.0.100', client)).toBe(true)
    wire.probe.close()
    const again = openWire({}, wire.site.stored)
    expect([client, squatter].map((mac) => again.book.isDisputed('10.77.0.100', mac))).toEqual([true, false])
    again.probe.close()
  })

  it.each([['its client itself', client, client], ['another card of the same machine', client, squatter], ['the host of a simulated machine', `${simulatedMacPrefix}:00:01`, '52:54:00:00:00:77']])('takes an answer of %s for none', (_, mac, user) => {
    const wire = openWire({ '10.77.0.100': user })
    for (const known of [client, squatter]) wire.site.machines.set(known, view('m1'))
    wire.probe.promised(wire.network, '10.77.0.100')
    wire.book.record(lease({ mac }))
    vi.advanceTimersByTime(1500)
    expect(wire.asked).toContain('10.77.0.100')
    expect(wire.conflicts()).toEqual([])
    expect(wire.book.ofMac(mac)?.state).toBe('bound')
    wire.probe.close()
  })
})
