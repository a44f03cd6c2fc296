import { describe, expect, test } from 'vitest'
import { encodeDhcp6 } from '../../codec/dhcpv6.ts'
import { option6 } from '../../codec/dhcpv6-options.ts'
import { decodeFrame } from '../../codec/frame.ts'
import { encodeIpv4Udp } from '../../codec/ipv4-udp.ts'
import { encodeIpv6 } from '../../codec/ipv6.ts'
import type { MachineView } from '../../site.ts'
import { recorderFilter } from './filter.ts'
import { chooseFrames } from './recorder.ts'
import { rehearseRecorder } from '../rehearsal/rehearse-recorder.ts'

const [ours, theirs, other] = ['02:00:00:00:00:01', '52:54:00:00:00:09', '52:54:00:00:00:0a']
const hex = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex')
const frame = (from: string, to: string, packet: Uint8Array) => Buffer.concat([hex(to), hex(from), Buffer.from([8, 0]), packet])
function dhcp(op: 1 | 2, mac: string): Uint8Array {
  const message = Buffer.alloc(244)
  message.set([op, 1, 6])
  message.set(hex(mac), 28)
  return encodeIpv4Udp({ address: op === 1 ? '0.0.0.0' : '10.77.0.1', port: op === 1 ? 68 : 67 }, { address: '255.255.255.255', port: op === 1 ? 67 : 68 }, message)
}
const tftp = (opcode: number, block: number, bytes = 512): Uint8Array => encodeIpv4Udp({ address: '10.77.0.1', port: 40_000 }, { address: '10.77.0.9', port: 2000 }, Buffer.concat([Buffer.from([0, opcode, block >> 8, block & 255]), Buffer.alloc(opcode === 3 ? bytes : 0)]))
/** A frame of IPv6: what follows its header is `rest`. */
const frame6 = (from: string, to: string, [source, target]: readonly [string, string], next: number, rest: Uint8Array) => {
  const header = Buffer.alloc(8)
  header.writeUInt8(0x60, 0)
  header.writeUInt16BE(rest.length, 4)
  header.set([next, 64], 6)
  return Buffer.concat([hex(to), hex(from), Buffer.from([0x86, 0xdd]), header, encodeIpv6(source), encodeIpv6(target), rest])
}
const udp = (fromPort: number, toPort: number, payload: Uint8Array): Buffer => Buffer.concat([Buffer.from([fromPort >> 8, fromPort & 255, toPort >> 8, toPort & 255, (payload.length + 8) >> 8, (payload.length + 8) & 255, 0, 0]), payload])
const linkLocal = 'fe80::5054:ff:fe00:9'
const solicit = encodeDhcp6({ relays: [], message: { type: 'solicit', transaction: 5, options: [{ code: option6.clientId, value: Uint8Array.of(0, 4, ...new Uint8Array(16).fill(7)) }] } })
const heard = (bytes: Uint8Array, outgoing: boolean) => ({ atMs: 1, bytes, wholeBytes: bytes.length, outgoing })
const choose = (known: readonly string[] = []) => chooseFrames({ macOf: (address) => (address === '10.77.0.9' ? theirs : null), site: { machine: (mac: string) => (known.includes(mac) ? ({ id: mac } as MachineView) : undefined) } as never })

describe('what is recorded', () => {
  test('a client from its first question on, both ways', () => {
    const take = choose()
    expect(take(heard(frame(ours, theirs, tftp(3, 1)), true))).toBeUndefined()
    expect(take(heard(frame(theirs, 'ff:ff:ff:ff:ff:ff', dhcp(1, theirs)), false))).toMatchObject({ mac: theirs, outgoing: false })
    expect(take(heard(frame(ours, 'ff:ff:ff:ff:ff:ff', dhcp(2, theirs)), true))).toMatchObject({ mac: theirs, outgoing: true })
    expect(take(heard(frame(ours, theirs, tftp(3, 1)), true))).toMatchObject({ mac: theirs })
  })
  test('a client behind a relay by its own address, not the relay’s', () => expect(choose()(heard(frame('52:54:00:ff:ff:ff', ours, dhcp(1, other)), false))?.mac).toBe(other))
  test('a client of DHCPv6 from its first question on, both ways, and through a relay', () => {
    const take = choose()
    const block = frame6(ours, theirs, ['fd00:77::1', 'fd00:77::9'], 17, udp(40_000, 2000, Buffer.concat([Buffer.from([0, 3, 0, 1]), Buffer.alloc(512)])))
    expect(take(heard(block, true))).toBeUndefined()
    expect(take(heard(frame6(theirs, '33:33:00:01:00:02', [linkLocal, 'ff02::1:2'], 17, udp(546, 547, solicit)), false))).toMatchObject({ mac: theirs, outgoing: false })
    expect(take(heard(block, true))).toMatchObject({ mac: theirs })
    const relayed = encodeDhcp6({ relays: [{ hops: 0, linkAddress: 'fd00:99::1', peerAddress: 'fe80::5054:ff:fe00:a', options: [] }], message: { type: 'solicit', transaction: 6, options: [{ code: option6.clientId, value: Uint8Array.of(0, 4, ...new Uint8Array(16).fill(8)) }] } })
    expect(take(heard(frame6('52:54:00:ff:ff:ff', ours, ['fd00:77::9', 'fd00:77::1'], 17, udp(547, 547, relayed)), false))?.mac).toBe(other)
  })
  test('nothing that we ask ourselves, nor what is answered to that', () => {
    const take = choose()
    expect(take(heard(frame(ours, 'ff:ff:ff:ff:ff:ff', dhcp(1, other)), true))).toBeUndefined()
    expect(take(heard(frame('52:54:00:ff:ff:ff', 'ff:ff:ff:ff:ff:ff', dhcp(2, other)), false))).toBeUndefined()
  })
  test('a known machine without a question', () => expect(choose([theirs])(heard(frame(ours, theirs, tftp(3, 1)), true))?.mac).toBe(theirs))
  test('of a transfer the first blocks, some, each that comes again, and the last', () => {
    const take = choose([theirs])
    const kept = (block: number, bytes?: number): boolean => take(heard(frame(ours, theirs, tftp(3, block, bytes)), true)) !== undefined
    const first = Array.from({ length: 100 }, (_, index) => kept(index + 1))
    expect(first.filter(Boolean)).toHaveLength(4 + 3)
    expect(kept(100)).toBe(true)
    expect(kept(98)).toBe(true)
    expect(kept(101, 17)).toBe(true)
  })
  test('a copy: the kernel’s memory is not kept', () => {
    const bytes = frame(theirs, 'ff:ff:ff:ff:ff:ff', dhcp(1, theirs))
    const taken = choose()(heard(bytes, false))
    bytes.fill(0)
    expect(taken?.bytes.subarray(6, 12)).toEqual(new Uint8Array(hex(theirs)))
  })
})

describe('frames of IPv6', () => {
  const ends = { from: { address: 'fd00:77::9', port: 2000 }, to: { address: 'fd00:77::1', port: 69 } }
  test('carry UDP and TCP with their ends and lengths', () => {
    expect(decodeFrame(frame6(theirs, ours, ['fd00:77::9', 'fd00:77::1'], 17, udp(2000, 69, Buffer.from([0, 1, 65]))))?.content).toMatchObject({ kind: 'udp', ...ends, payloadBytes: 3 })
    const tcp = Buffer.alloc(25)
    tcp.writeUInt16BE(2000, 0)
    tcp.writeUInt16BE(80, 2)
    tcp.set([0x50, 0x18], 12)
    expect(decodeFrame(frame6(theirs, ours, ['fd00:77::9', 'fd00:77::1'], 6, tcp))?.content).toMatchObject({ kind: 'tcp', from: ends.from, to: { port: 80 }, flags: 0x18, payloadBytes: 5 })
  })
  test('say what cannot be reached', () => {
    const about = frame6(theirs, ours, ['fd00:77::9', 'fd00:77::1'], 17, udp(2000, 69, Buffer.alloc(4))).subarray(14)
    expect(decodeFrame(frame6(ours, theirs, ['fd00:77::1', 'fd00:77::9'], 58, Buffer.concat([Buffer.from([1, 4, 0, 0, 0, 0, 0, 0]), about])))?.content).toMatchObject({ kind: 'unreachable', code: 4, about: ends.to })
    expect(decodeFrame(frame6(ours, theirs, ['fd00:77::1', 'fd00:77::9'], 58, Buffer.from([1, 4, 0, 0, 0, 0, 0, 0])))?.content).toMatchObject({ kind: 'unreachable', about: null })
  })
  test('of other kinds, with headers in between or cut short, are other', () => {
    for (const one of [frame6(theirs, ours, ['::1', '::2'], 44, Buffer.alloc(16)), frame6(theirs, ours, ['::1', '::2'], 6, Buffer.alloc(10)), frame6(theirs, ours, ['::1', '::2'], 17, Buffer.alloc(3))]) expect(decodeFrame(one)?.content.kind).toBe('other')
  })
})

test('the kernel’s filter jumps only forward, and to places that are there', () => {
  for (const kind of ['everything', 'noBlocks'] as const) {
    const steps = recorderFilter(kind)
    for (const [at, [, yes, no]] of steps.entries()) for (const skip of [yes, no]) {
      expect(skip).toBeGreaterThanOrEqual(0)
      expect(at + 1 + skip, `${kind} ${at}`).toBeLessThanOrEqual(steps.length)
    }
    expect(steps.at(-1)?.[0]).toBe(0x06)
  }
})

test('the rehearsal is heard through a ring, and half of it is kept: what machines say, not what we ask', async () => expect(await rehearseRecorder()).toMatchObject({ chosen: 6080 }), 60_000)
