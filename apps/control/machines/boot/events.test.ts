import { describe, expect, it } from 'vitest'
import type { BootEvent } from '#netboot/site'
import { bootEventHandler, renderBootEvent } from './events.ts'
import { newMachine, type MachineRecord } from '../record.ts'

const mac = '52:54:00:00:00:01'
const packet = { xid: 1, secs: 0, relay: null }
const seenAt = (address: string, of = mac): BootEvent => ({ kind: 'address.seen', mac: of, networkId: 'lab', address })
const acked = (address: string, leaseSeconds: number): BootEvent => ({ kind: 'dhcp.acked', mac, networkId: 'lab', address, leaseSeconds, bootFile: null, packet })

/** One machine with two cards, and the journal lines of what it did. */
function bench(address: string | null) {
  let machine: MachineRecord = { ...newMachine({ id: 'm1', name: 'node', mac, uuid: null, now: '2026-01-01T00:00:00.000Z', powerDriver: 'manual' }), address, macs: [mac, '52:54:00:00:00:02'] }
  const lines: string[] = []
  const nothing = (): void => {}
  const handle = bootEventHandler({
    registry: { byMac: (one: string) => (machine.macs.includes(one) ? machine : undefined), change: async (_: string, edit: (m: MachineRecord) => MachineRecord, ...told: { text: string }[]) => { machine = edit(machine); lines.push(...told.map(({ text }) => text)) } } as never,
    journal: {} as never, logs: { append: nothing } as never, sessions: {} as never, defaultDriver: 'manual', policy: () => 'discover', heard: nothing, diskBooted: nothing, stuck: nothing, otherServer: nothing, addressServer: nothing, otherServerGone: nothing, lacksServer: nothing, now: () => 0,
  })
  return { handle, lines, address: () => machine.address }
}

describe('a machine’s address', () => {
  it('is what it was seen to speak from, beside another DHCP server, and that is told once', () => {
    const { handle, lines, address } = bench('10.77.0.100')
    for (let count = 0; count < 3; count += 1) handle(seenAt('10.77.0.63'))
    expect(address()).toBe('10.77.0.63')
    expect(lines).toEqual(['Speaks from 10.77.0.63, which another DHCP server or a person gave it'])
  })
  it('is that of the card it boots from, where it speaks by both', () => {
    const { handle, lines, address } = bench('10.77.0.63')
    handle(seenAt('10.77.0.64', '52:54:00:00:00:02'))
    expect([address(), lines]).toEqual(['10.77.0.63', []])
  })
  it('is that of a lease, and not what a question without a lease claims', () => {
    const { handle, address } = bench('10.77.0.63')
    handle(acked('10.77.0.254', 0))
    expect(address()).toBe('10.77.0.63')
    handle(acked('10.77.0.100', 3600))
    expect(address()).toBe('10.77.0.100')
  })
})

describe('the words for an answer', () => {
  const offered = (address: string, bootFile: string | null): BootEvent => ({ kind: 'dhcp.offered', mac, networkId: 'lab', address, bootFile, packet })
  it.each([
    ['of a proxy names no address', offered('0.0.0.0', 'snponly.efi'), 'Is told to boot snponly.efi'],
    ['on port 4011', { ...acked('10.77.0.63', 0), bootFile: 'snponly.efi' } as BootEvent, 'Is told to boot snponly.efi'],
    ['to a client that has its own address', acked('10.77.0.63', 0), 'Is told the settings of its network'],
    ['with an address', offered('10.77.0.100', 'snponly.efi'), 'Is offered 10.77.0.100 and snponly.efi'],
  ])('%s', (_, event, text) => expect(renderBootEvent(event)?.text).toBe(text))
})
