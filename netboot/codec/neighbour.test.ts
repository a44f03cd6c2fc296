import { describe, expect, it } from 'vitest'
import { decodeNeighbourAnswer, encodeNeighbourQuery } from './neighbour.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
/** RTM_NEWNEIGH with the address and the hardware address. */
const answer = (state: string): Uint8Array => bytesOf(`
  38000000 1c00 0000 07000000 01000000
  02 000000 03000000 ${state} 00 01
  0800 0100 0a4d003f
  0a00 0200 5254000a0b0c 0000`)

describe('a question to the kernel’s neighbour table', () => {
  it('names the interface and the address', () => {
    expect(Buffer.from(encodeNeighbourQuery(3, '10.77.0.63', 7)).toString('hex')).toBe('240000001e0001000700000000000000020000000300000000000000080001000a4d003f')
  })
  it.each([['reachable', '0200'], ['stale', '0400'], ['being asked again', '1000'], ['set by hand', '8000']])('is answered by who is %s', (_, state) => {
    expect(decodeNeighbourAnswer(answer(state), 7)).toEqual({ kind: 'found', mac: '52:54:00:0a:0b:0c' })
  })
  it.each([['asked for and silent', '0100'], ['failed', '2000'], ['without ARP', '4000']])('is answered by nobody where the neighbour is %s', (_, state) => {
    expect(decodeNeighbourAnswer(answer(state), 7)).toEqual({ kind: 'none' })
  })
  it('is refused with an errno, but where nobody is known', () => {
    const error = (errno: string): Uint8Array => bytesOf(`24000000 0200 0000 07000000 01000000 ${errno} 24000000 1e000100 07000000 00000000`)
    expect(decodeNeighbourAnswer(error('feffffff'), 7)).toEqual({ kind: 'none' })
    expect(decodeNeighbourAnswer(error('eaffffff'), 7)).toEqual({ kind: 'refused', errno: 22 })
  })
  it('is not answered by what answers another one, or is cut, or lies about its lengths', () => {
    const whole = answer('0200')
    expect(decodeNeighbourAnswer(whole, 8)).toBeUndefined()
    for (let length = 0; length < 20; length += 1) expect(decodeNeighbourAnswer(whole.subarray(0, length), 7)).toBeUndefined()
    // The last two bytes are padding.
    for (let length = 20; length < whole.length - 2; length += 1) expect(decodeNeighbourAnswer(whole.subarray(0, length), 7)?.kind).not.toBe('found')
    for (let at = 0; at < whole.length; at += 1) for (const value of [0, 1, 0x7f, 0xff]) { const bent = whole.slice(); bent[at] = value; expect(() => decodeNeighbourAnswer(bent, 7)).not.toThrow() }
  })
})
