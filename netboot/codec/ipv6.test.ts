import { describe, expect, it } from 'vitest'
import { hostilePackets } from '../../test/sim/random.ts'
import { inPrefix64, macOfEui64, parseIpv6, parsePrefix64, renderIpv6 } from './ipv6.ts'

describe('IPv6 addresses', () => {
  it.each([
    ['::', '::'], ['::1', '::1'], ['fd00:0:0:0:0:0:0:1', 'fd00::1'], ['FE80::5054:FF:FE0A:B0C', 'fe80::5054:ff:fe0a:b0c'],
    // RFC 5952 §4.2: not one group alone, the longest run, the first of two.
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ])('%s is %s', (text, canonical) => {
    const bytes = parseIpv6(text)
    expect(bytes && renderIpv6(bytes)).toBe(canonical)
  })

  it.each(['', ':', ':::', '1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1::', '12345::', 'fe80::1%eth0', '::ffff:10.0.0.1', '1:2:3:4:5:6:7::8', ':1::'])('%s is none', (text) => {
    expect(parseIpv6(text)).toBeUndefined()
  })

  it('come back from what is rendered of any bytes', () => {
    for (const packet of hostilePackets([new Uint8Array(16)], 2000, 6)) {
      const bytes = Uint8Array.from({ length: 16 }, (_, at) => packet[at] ?? 0)
      expect(parseIpv6(renderIpv6(bytes))).toEqual(bytes)
    }
  })

  it('have prefixes that machines may be in, and others', () => {
    const prefix = parsePrefix64('fd12:3456:789a:1::/64')
    expect(prefix && inPrefix64(prefix, 'fd12:3456:789a:1::7')).toBe(true)
    expect(prefix && inPrefix64(prefix, 'fd12:3456:789a:2::7')).toBe(false)
    expect(parsePrefix64('2001:db8::/64')).toBeDefined()
    for (const text of ['fd00::/48', 'fd00::1/64', 'fe80::/64', 'ff02::/64', '::/64', 'fd00::', '10.0.0.0/24', 'fd00::/64/64']) expect(parsePrefix64(text)).toBeUndefined()
  })

  it('tell the hardware address they were made from', () => {
    expect(macOfEui64('fe80::5054:ff:fe0a:b0c')).toBe('52:54:00:0a:0b:0c')
    expect(macOfEui64('fe80::1')).toBeUndefined()
  })
})
