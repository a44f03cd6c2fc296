import { describe, expect, it } from 'vitest'
import { checksum, encodeRouterAdvertisement } from './icmp6-ra.ts'
import { parsePrefix64 } from './ipv6.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const prefix = parsePrefix64('fd00:77::/64') ?? new Uint8Array()

describe('a router advertisement', () => {
  it.each([['without a prefix', []], ['with one', [prefix]], ['with two', [prefix, prefix]]])('%s has a right checksum and length', (_, prefixes) => {
    const packet = encodeRouterAdvertisement('52:54:00:0a:0b:0c', prefixes)
    // Over a packet that holds its own checksum the sum is 0.
    expect(checksum(packet.subarray(8, 40), packet.subarray(40), 58)).toBe(0)
    expect((packet[4] ?? 0) * 256 + (packet[5] ?? 0)).toBe(packet.length - 40)
  })

  it('is no router for anybody, and without a prefix says nothing more', () => {
    const packet = encodeRouterAdvertisement('52:54:00:0a:0b:0c')
    expect(hex(packet.subarray(8, 24))).toBe('fe80000000000000505400fffe0a0b0c')
    expect([hex(packet.subarray(40, 42)), hex(packet.subarray(44, 48)), hex(packet.subarray(56))]).toEqual(['8600', '00000000', '01015254000a0b0c'])
  })

  it('says of a prefix that it is on the link, and that DHCPv6 gives addresses and more', () => {
    const packet = encodeRouterAdvertisement('52:54:00:0a:0b:0c', [prefix])
    expect(hex(packet.subarray(44, 48))).toBe('00c00000')
    expect(hex(packet.subarray(64))).toBe(`03044080${'00015180'.repeat(2)}00000000fd000077${'00'.repeat(12)}`)
  })
})
