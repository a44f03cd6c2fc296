import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPcap } from '../../test/sim/pcap.ts'
import { hostilePackets } from '../../test/sim/random.ts'
import { renderCapture } from '../../test/sim/render-capture.ts'
import { decodeDhcp4, encodeDhcp4, readMac, type DhcpMessage } from './dhcp4.ts'
import { domainSearchOption, option, readArchitectures, readIsIpxe } from './dhcp4-options.ts'
import { encodePxeVendor, pxeOption, useBootFile } from './pxe-vendor.ts'
import { decodeClientUuid } from './uuid.ts'

const folder = path.join(import.meta.dirname, '../../test/fixtures/captures')
const captures = readdirSync(folder).filter((name) => name.endsWith('.pcap'))
const datagrams = captures.flatMap((name) => readPcap(readFileSync(path.join(folder, name)))).filter(({ to }) => [67, 68, 4011].includes(to.port))

const blank: DhcpMessage = {
  op: 'reply', hardwareType: 1, hops: 0, xid: 0xdeadbeef, secs: 3, flags: 0x8000, clientAddress: '0.0.0.0', yourAddress: '10.77.0.9', nextServer: '10.77.0.1', relayAddress: '0.0.0.0',
  hardwareAddress: Uint8Array.of(0x52, 0x54, 0, 1, 2, 3), serverName: '', bootFile: '', options: new Map(),
}
const roundTrip = (message: DhcpMessage, maxBytes?: number) => {
  const encoded = encodeDhcp4(message, maxBytes)
  return encoded.ok ? decodeDhcp4(encoded.value) : encoded
}

describe('decodeDhcp4', () => {
  it.each(captures)('reads %s as its golden text says', (name) => {
    expect(renderCapture(readFileSync(path.join(folder, name)))).toBe(readFileSync(path.join(folder, `${name}.txt`), 'utf8'))
  })

  it('gives back every captured message after encoding it', () => {
    expect(datagrams.length).toBeGreaterThan(100)
    for (const { payload } of datagrams) {
      const first = decodeDhcp4(payload)
      expect(first.ok && roundTrip(first.value, 1472)).toEqual(first)
    }
  })

  it('joins what was too long for one field, and what lies in several', () => {
    const long: DhcpMessage = { op: 'reply', hardwareType: 1, hops: 0, xid: 1, secs: 0, flags: 0, clientAddress: '0.0.0.0', yourAddress: '10.77.0.9', nextServer: '0.0.0.0', relayAddress: '0.0.0.0', hardwareAddress: Uint8Array.of(2, 0, 0, 0, 0, 1), serverName: '', bootFile: '', options: new Map([[53, Uint8Array.of(2)], [121, Uint8Array.from({ length: 330 }, (_, index) => index & 255)]]) }
    for (const maxBytes of [548, 1472]) expect(roundTrip(long, maxBytes)).toEqual({ ok: true, value: long })
  })

  it('never throws, whatever comes', () => {
    let read = 0
    for (const packet of hostilePackets(datagrams.map(({ payload }) => payload), 10_000, 1)) {
      const decoded = decodeDhcp4(packet)
      if (decoded.ok) { read += 1; readArchitectures(decoded.value.options); readIsIpxe(decoded.value.options); readMac(decoded.value) }
    }
    expect(read).toBeGreaterThan(1000)
  })

  it.each([
    ['nothing', new Uint8Array(), 'too-short'],
    ['BOOTP without a cookie', (() => { const bytes = new Uint8Array(300); bytes[0] = 1; return bytes })(), 'no-magic-cookie'],
    ['an op of 7', Uint8Array.from({ length: 300 }, () => 7), 'unknown-op'],
    ['a hardware address of 17 bytes', (() => { const bytes = new Uint8Array(300); bytes.set([1, 1, 17]); return bytes })(), 'hardware-address-too-long'],
  ])('refuses %s', (_, bytes, kind) => expect(decodeDhcp4(bytes)).toMatchObject({ ok: false, fault: { kind } }))

  it('says where an option overruns', () => {
    const encoded = encodeDhcp4({ ...blank, options: new Map([[option.hostname, new Uint8Array(60)]]) })
    expect(encoded.ok && decodeDhcp4(encoded.value.subarray(0, 250))).toEqual({ ok: false, fault: { kind: 'option-overruns', option: 12, at: 240, need: 62, have: 10 } })
  })
})

describe('encodeDhcp4', () => {
  it('splits an option of 600 bytes and joins it again (RFC 3396)', () => {
    const options = new Map([[option.message, Uint8Array.from({ length: 600 }, (_, index) => index & 0xff)]])
    expect(roundTrip({ ...blank, options }, 1472)).toEqual({ ok: true, value: { ...blank, options } })
  })

  it('puts what does not fit into file and sname (option 52)', () => {
    const options = new Map([[1, new Uint8Array(250)], [2, new Uint8Array(50).fill(2)], [3, new Uint8Array(100).fill(3)], [4, new Uint8Array(50).fill(4)]])
    expect(roundTrip({ ...blank, options })).toEqual({ ok: true, value: { ...blank, options } })
    expect(encodeDhcp4({ ...blank, bootFile: 'x', serverName: 'y', options })).toMatchObject({ ok: false, fault: { kind: 'message-too-big', limit: 548 } })
  })

  it('is never shorter than BOOTP allows', () => {
    const encoded = encodeDhcp4(blank)
    expect(encoded.ok && encoded.value.length).toBe(300)
  })
})

describe('the small codecs', () => {
  it('swaps the first three fields of option 97', () => {
    expect(decodeClientUuid(Uint8Array.from(Buffer.from('0011111111222233334444555500000003', 'hex')))).toBe('11111111-2222-3333-4444-555500000003')
    expect(decodeClientUuid(Uint8Array.from(Buffer.from('00332211005544776688990a0b0c0d0e0f', 'hex')))).toBe('00112233-4455-6677-8899-0a0b0c0d0e0f')
    expect(decodeClientUuid(new Uint8Array(17))).toBeNull()
  })

  it('writes option 43 as PXE clients expect it', () => {
    const bytes = encodePxeVendor(new Map([[pxeOption.discoveryControl, useBootFile]]))
    expect(Buffer.from(bytes).toString('hex')).toBe('060108ff')
  })

  it('writes search domains as DNS does', () => expect(Buffer.from(domainSearchOption(['lab.test'])).toString('latin1')).toBe('\u0003lab\u0004test\u0000'))
})
