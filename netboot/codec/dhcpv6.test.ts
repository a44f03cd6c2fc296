import { describe, expect, it } from 'vitest'
import { hostilePackets } from '../../test/sim/random.ts'
import { decodeDhcp6, decodeOptions, encodeDhcp6, type Dhcp6Datagram } from './dhcpv6.ts'
import { findOption, iaNaOption, option6, readArchitectures6, readElapsedMs, readHostname6, readIaNas, readIsIpxe6, readVendorClass, readWanted, refusedIa, status6, vendorClassOption } from './dhcpv6-options.ts'
import { linkLayerDuid, readDuid } from './duid.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const association = iaNaOption({ iaid: 0xdeadbeef, renewSeconds: 1800, rebindSeconds: 2880, addresses: [{ address: 'fd00:77::7', preferredSeconds: 3600, validSeconds: 7200 }], status: { code: 0, text: 'Here.' } })
const solicit: Dhcp6Datagram = {
  relays: [],
  message: { type: 'solicit', transaction: 0xabcdef, options: [
    { code: option6.clientId, value: bytes('0004 33221100554477668899 0a0b0c0d0e0f') }, association, { code: option6.elapsedTime, value: bytes('0064') }, { code: option6.optionRequest, value: bytes('003b 003c 0017') },
    vendorClassOption('PXEClient:Arch:00007:UNDI:003000'), { code: option6.userClass, value: bytes('0002 6162 0004 69505845') }, { code: option6.architecture, value: bytes('0007') },
    { code: option6.fqdn, value: bytes('00 05 6e6f646531 03 6c6162') },
  ] },
}
const relayed: Dhcp6Datagram = { ...solicit, relays: [{ hops: 1, linkAddress: '::', peerAddress: 'fe80::2', options: [] }, { hops: 0, linkAddress: 'fd00:99::fe', peerAddress: 'fe80::3', options: [{ code: option6.interfaceId, value: bytes('0102') }] }] }
const decoded = (datagram: Uint8Array): unknown => decodeDhcp6(datagram)

describe('DHCPv6 messages', () => {
  it.each([solicit, relayed, { relays: [], message: { type: 'informationRequest' as const, transaction: 0, options: [] } }])('come back from their bytes', (datagram) => expect(decoded(encodeDhcp6(datagram))).toEqual({ ok: true, value: datagram }))

  it('go back through the relays that they came through, as relay replies', () => {
    const encoded = encodeDhcp6({ ...relayed, message: { type: 'reply', transaction: 1, options: [] } })
    expect(encoded[0]).toBe(13)
    expect(decoded(encoded)).toMatchObject({ ok: true, value: { relays: [{ peerAddress: 'fe80::2' }, { peerAddress: 'fe80::3' }], message: { type: 'reply' } } })
  })

  it.each([
    ['nothing', '', 'too-short'], ['three bytes', '01 0000', 'too-short'], ['a type of 0', '00 000000', 'unknown-type'], ['a type of 200', 'c8 000000', 'unknown-type'],
    ['an option that overruns', '01 000000 0001 000a 0001', 'option-overruns'], ['half an option header', '01 000000 0001', 'option-overruns'], ['a short relay message', '0c 00 00', 'too-short'],
    ['a relay without a message', `0c 00 ${'00'.repeat(32)}`, 'relay-without-message'], ['65 options', `01 000000 ${'00080000'.repeat(65)}`, 'too-many-options'],
  ])('are not %s', (_, hex, kind) => expect(decoded(bytes(hex))).toMatchObject({ ok: false, fault: { kind } }))

  it('have eight relays at most', () => {
    const relay = { hops: 0, linkAddress: '::', peerAddress: 'fe80::2', options: [] }
    const behind = (count: number): Uint8Array => encodeDhcp6({ ...solicit, relays: Array.from({ length: count }, () => relay) })
    expect(decodeDhcp6(behind(8)).ok).toBe(true)
    expect(decoded(behind(9))).toEqual({ ok: false, fault: { kind: 'too-many-relays' } })
  })

  it('never throw, whatever comes', () => {
    let read = 0
    for (const packet of hostilePackets([encodeDhcp6(solicit), encodeDhcp6(relayed)], 10_000, 8)) {
      const message = decodeDhcp6(packet)
      if (!message.ok) continue
      const { options } = message.value.message
      for (const reader of [readIaNas, readWanted, readArchitectures6, readElapsedMs, readVendorClass, readIsIpxe6, readHostname6]) reader(options)
      readDuid(findOption(options, option6.clientId) ?? packet)
      encodeDhcp6(message.value)
      read += 1
    }
    expect(read).toBeGreaterThan(1000)
  })
})

describe('DHCPv6 options', () => {
  const { options } = solicit.message
  it('say who asks for what', () => {
    expect(readIaNas(options)).toEqual([{ iaid: 0xdeadbeef, renewSeconds: 1800, rebindSeconds: 2880, addresses: [{ address: 'fd00:77::7', preferredSeconds: 3600, validSeconds: 7200 }], status: { code: 0, text: 'Here.' } }])
    expect([readElapsedMs(options), readWanted(options), readArchitectures6(options), readVendorClass(options), readIsIpxe6(options), readHostname6(options)]).toEqual([1000, [59, 60, 23], [7], 'PXEClient:Arch:00007:UNDI:003000', true, 'node1'])
    expect([readElapsedMs([]), readWanted([]), readArchitectures6([]), readVendorClass([]), readIsIpxe6([]), readHostname6([]), readIaNas([])]).toEqual([0, [], [], '', false, '', []])
  })

  it.each([['shorter than its fixed fields', 'deadbeef'], ['with an address of 10 bytes', '00000001 00000000 00000000 0005 000a 00000000000000000000'], ['with an option that overruns', '00000001 00000000 00000000 0005 00ff 00']])('make no association %s', (_, hex) => {
    expect(readIaNas([{ code: option6.iaNa, value: bytes(hex) }])).toBeUndefined()
  })

  it('make no more than eight associations', () => expect(readIaNas(Array.from({ length: 9 }, () => association))).toBeUndefined())

  it('are written as the registry says', () => {
    expect(Buffer.from(vendorClassOption('HTTPClient').value).toString('latin1')).toBe('\u0000\u0000\u0001\u0057\u0000\u000aHTTPClient')
    const refused = refusedIa(25, bytes('00000007 11111111 11111111'), status6.noPrefix, 'No.')
    expect(decodeOptions(refused.value, 12)).toEqual({ ok: true, value: [{ code: 13, value: bytes('0006 4e6f2e') }] })
  })
})

describe('DUIDs', () => {
  it.each([
    ['LLT', '0001 0001 2a2b2c2d 5254000a0b0c', { mac: '52:54:00:0a:0b:0c', uuidBytes: null }], ['LL', '0003 0001 5254000a0b0c', { mac: '52:54:00:0a:0b:0c', uuidBytes: null }],
    ['LL of Infiniband', '0003 0020 5254000a0b0c', { mac: null, uuidBytes: null }], ['EN', '0002 0000ab11 0102', { mac: null, uuidBytes: null }],
    ['UUID', '0004 33221100554477668899 0a0b0c0d0e0f', { mac: null, uuidBytes: bytes('33221100554477668899 0a0b0c0d0e0f') }], ['a placeholder UUID', `0004 ${'00'.repeat(16)}`, { mac: null, uuidBytes: null }],
  ])('%s', (_, hex, facts) => expect(readDuid(bytes(hex))).toEqual(facts))
  it('have 3 to 130 bytes', () => expect([readDuid(bytes('0001')), readDuid(new Uint8Array(131))]).toEqual([undefined, undefined]))
  it('of our own is that of the card', () => expect(readDuid(linkLayerDuid('52:54:00:0a:0b:0c'))?.mac).toBe('52:54:00:0a:0b:0c'))
})
