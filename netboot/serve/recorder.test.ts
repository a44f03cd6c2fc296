import { describe, expect, test } from 'vitest'
import { encodeIpv4Udp } from '../codec/ipv4-udp.ts'
import type { MachineView } from '../site.ts'
import { recorderFilter } from './recorder-filter.ts'
import { chooseFrames } from './recorder.ts'

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
