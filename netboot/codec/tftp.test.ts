import { describe, expect, it } from 'vitest'
import { hostilePackets } from '../../test/sim/random.ts'
import { checksum, encodeRouterAdvertisement } from './icmp6-ra.ts'
import { encodeIpv4Udp } from './ipv4-udp.ts'
import { contains, parseCidr, parseIpv4, renderIpv4 } from './ipv4.ts'
import { parseNetconsole, parseStreamLine, parseSyslog } from './syslog.ts'
import { decodeTftp, encodeTftp, type TftpPacket } from './tftp.ts'

const packets: TftpPacket[] = [
  { kind: 'read', file: 'snponly.efi', mode: 'octet', options: new Map([['tsize', '0'], ['blksize', '1468'], ['windowsize', '4']]) },
  { kind: 'write', file: '\u00e9', mode: 'octet', options: new Map() },
  { kind: 'data', block: 65535, bytes: Uint8Array.of(1, 2, 3) },
  { kind: 'ack', block: 258 },
  { kind: 'error', code: 1, message: 'no such file' },
  { kind: 'optionAck', options: new Map([['tsize', '173792']]) },
]

describe('decodeTftp', () => {
  it.each(packets)('gives back what encodeTftp wrote: $kind', (packet) => expect(decodeTftp(encodeTftp(packet))).toEqual({ ok: true, value: packet }))
  it('never throws, whatever comes', () => {
    for (const packet of hostilePackets(packets.map(encodeTftp), 10_000, 2)) { decodeTftp(packet); parseSyslog(packet); parseNetconsole(packet) }
  })
  it.each([
    ['one byte', [0], 'too-short'], ['a request without a mode', [0, 1, 65, 0], 'too-short'], ['a name that does not end', [0, 1, 65, 66], 'text-unended'],
    ['opcode 9', [0, 9, 0, 0], 'unknown-opcode'], ['600 bytes of request', [0, 1, ...Array.from({ length: 600 }, () => 65), 0, 65, 0], 'too-long'],
  ])('refuses %s', (_, bytes, kind) => expect(decodeTftp(Uint8Array.from(bytes))).toMatchObject({ ok: false, fault: { kind } }))
})

describe('log lines', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  it.each([
    ['<6>kernel: [    1.5] eth0 up', { source: 'kernel', level: 'info', text: '[    1.5] eth0 up' }],
    ['<11>Nov  3 10:00:00 host ramdisk: broken', { source: 'ramdisk', level: 'error', text: 'ramdisk: broken' }],
    ['<12>Nov  3 10:00:00 ramdisk: hm', { source: 'ramdisk', level: 'warn', text: 'ramdisk: hm' }],
    ['<15>1 2026-01-01T00:00:00Z host app 7 - - debug words', { source: 'ramdisk', level: 'debug', text: 'debug words' }],
    ['no priority \u001b[31m', { source: 'ramdisk', level: 'info', text: 'no priority  [31m' }],
  ])('reads syslog %j', (text, line) => expect(parseSyslog(bytes(text))).toEqual([line]))
  it('reads both forms of netconsole', () => expect(parseNetconsole(bytes('3,1,2,-;disk on fire\nplain\n'))).toEqual([
    { source: 'kernel', level: 'error', text: 'disk on fire' }, { source: 'kernel', level: 'info', text: 'plain' }]))
  it('reads the stream of the ramdisk', () => {
    expect(parseStreamLine('wk a b')).toEqual({ source: 'kernel', level: 'warn', text: 'a b' })
    expect(parseStreamLine('something else')).toEqual({ source: 'ramdisk', level: 'info', text: 'something else' })
  })
})

describe('frames', () => {
  it('advertises a router that is none, with a valid checksum', () => {
    const packet = encodeRouterAdvertisement('52:54:00:01:02:03')
    expect(checksum(packet.subarray(8, 40), packet.subarray(40), 58)).toBe(0)
    expect(Buffer.from(packet.subarray(8, 24)).toString('hex')).toBe('fe80000000000000505400fffe010203')
    expect(Buffer.from(packet.subarray(44, 56)).toString('hex')).toBe('000000000000000000000000')
  })
  it('makes IPv4 and UDP headers whose checksums hold', () => {
    const packet = encodeIpv4Udp({ address: '10.77.0.1', port: 67 }, { address: '10.77.0.9', port: 68 }, Uint8Array.of(1, 2, 3))
    expect(checksum(new Uint8Array(), packet.subarray(0, 20), -20)).toBe(0)
    expect(checksum(packet.subarray(12, 20), packet.subarray(20), 17)).toBe(0)
  })
  it('knows networks', () => {
    expect(parseCidr('10.77.0.5/24')).toEqual({ first: parseIpv4('10.77.0.0'), last: parseIpv4('10.77.0.255'), mask: parseIpv4('255.255.255.0') })
    expect(renderIpv4(parseIpv4('255.1.2.3') ?? 0)).toBe('255.1.2.3')
    expect(['10.77.0.256', '1.2.3', 'a.b.c.d', ''].map(parseIpv4)).toEqual([undefined, undefined, undefined, undefined])
    expect(contains(parseCidr('10.77.0.0/24') ?? { first: 0, last: 0, mask: 0 }, '10.77.1.0')).toBe(false)
  })
})
