import { describe, expect, test } from 'vitest'
import { readRecorded, sessionsOf } from '../../../test/boots/fixture.ts'
import { storyOf } from '../../../test/sim/capture-story.ts'
import { hostilePackets } from '../../../test/sim/random.ts'
import { decodePcap } from '#netboot/codec/pcap'
import { firmwareOf, pathOf } from './boot-view.ts'
import { renderEntries } from './entries.ts'
import type { Moment } from './moment.ts'
import { readPackets } from './read-packets.ts'
import { splitSessions, stageOf } from './sessions.ts'

const asking = (atMs: number, client: 'firmware' | 'ipxe' | 'system' = 'firmware', mac = '52:54:00:00:00:01'): Moment =>
  ({ kind: 'dhcp', atMs, mac, seq: null, message: 'discover', fromMachine: true, isProxyPort: false, xid: 1, secs: 0, client, architecture: 7, architectureId: 'uefi-x64', server: null, address: '', bootFile: '', relay: null, uuid: null, words: '' })
const answered = (atMs: number, client: 'firmware' | 'ipxe' = 'firmware'): Moment => ({ ...(asking(atMs, client) as Moment & { kind: 'dhcp' }), message: 'ack', fromMachine: false, address: '10.77.0.9' })
const starts = (...moments: Moment[]): number[] => splitSessions(moments, 'x').map(({ startMs }) => startMs)

describe('boots in the captures of real firmware', () => {
  test.each([
    ['bios-virtio-ipxe', 'BIOS', 'iPXE in the card'],
    ['bios-e1000-ipxe', 'BIOS', 'iPXE in the card'],
    ['uefi-virtio-ovmfnative-pxe', 'UEFI x64', 'TFTP snponly.efi'],
    ['uefi-virtio-httpboot', 'UEFI x64', 'HTTP Boot ipxe.efi'],
    ['uefi-secboot-httpboot-shim', 'UEFI x64', 'HTTP Boot shimx64.efi'],
    ['uefi-e1000-ipxerom', 'UEFI x64', 'iPXE in the card'],
  ])('%s is one boot of %s by %s', (name, firmware, path) => {
    for (const { sessions } of storyOf(name)) {
      expect(sessions).toHaveLength(1)
      const [session] = sessions
      if (session === undefined) throw new Error('no boot')
      expect(firmwareOf(session)).toBe(firmware)
      expect(pathOf(session)).toBe(path)
    }
  })

  test('OVMF, by TFTP: every step of it, with the gaps in between', () => {
    const [session] = storyOf('uefi-virtio-ovmfnative-pxe')[0]?.sessions ?? []
    if (session === undefined) throw new Error('no boot')
    expect(stageOf(session)).toBe('ramdisk')
    const { entries } = renderEntries(session)
    expect(entries.filter(({ lane }) => lane !== 'arp').slice(0, 6).map(({ title, direction }) => `${direction} ${title}`)).toEqual(['in DISCOVER', 'out OFFER', 'in REQUEST', 'out ACK', 'out READ snponly.efi', 'out READ snponly.efi'])
    expect(entries[0]?.detail).toBe('firmware UEFI x64 · xid db4baa0c')
    expect(entries.find(({ title }) => title === 'REQUEST')?.gapMs).toBeCloseTo(3811.8, 0)
    // OVMF asks for the size first and ends that with an error: normal.
    expect(entries.filter(({ lane }) => lane === 'tftp').map(({ level }) => level)).toEqual(['debug', 'info'])
    expect(entries.map(({ title }) => title)).toContain('GET /boot.ipxe')
  })
})

test('a boot over IPv6: its messages, each with the line that the journal has of it, and what firmware asks', () => {
  const [session] = sessionsOf(readRecorded('ipv6-loader-never-fetched'))
  if (session === undefined) throw new Error('no boot')
  expect(stageOf(session)).toBe('addressed')
  expect(firmwareOf(session)).toBe('UEFI x64')
  const wire = renderEntries(session).entries.filter(({ lane }) => lane === 'dhcp')
  expect(wire.map(({ direction, title }) => `${direction} ${title}`)).toEqual(['in SOLICIT', 'out ADVERTISE', 'in REQUEST 6', 'out REPLY'])
  expect(wire.filter(({ seq }) => seq !== null).map(({ title }) => title)).toEqual(['SOLICIT', 'ADVERTISE', 'REPLY'])
  expect(wire[1]?.detail).toMatch(/^fd00:77:[0-9a-f:]+ · from 02:77:00:00:00:01 · tftp:\/\/\[fd00:77::1\]\/snponly\.efi · transaction [0-9a-f]{6}$/)
})

describe('where one boot ends and the next begins', () => {
  test('a boot ROM that asks again because nobody answered is the same boot', () => expect(starts(asking(0), asking(4000), asking(12_000))).toEqual([0]))
  test('one that asks again after it had an address boots anew', () => expect(starts(asking(0), answered(10), asking(60_000))).toEqual([0, 60_000]))
  test('one that declined what it was given, because somebody else uses it, is the same boot', () => expect(starts(asking(0), answered(10), { ...(asking(2000) as Moment & { kind: 'dhcp' }), message: 'decline', address: '10.77.0.9' }, asking(14_000), answered(14_010))).toEqual([0]))
  test('iPXE that asks after the firmware goes on with its boot', () => expect(starts(asking(0), answered(10), asking(3000, 'ipxe'), answered(3010, 'ipxe'))).toEqual([0]))
  test('iPXE in the card that asks after a script boots anew', () => {
    const script: Moment = { kind: 'script', atMs: 200, mac: null, seq: 4, decision: 'ramdisk', why: '', disk: null }
    expect(starts(asking(0, 'ipxe'), answered(10, 'ipxe'), script, asking(500, 'ipxe'))).toEqual([0, 500])
  })
  test('IPv6 that is asked for after IPv4 gave nothing is the same boot, and after it gave something the next one', () => {
    const six: Moment = { kind: 'dhcp6', atMs: 20_000, mac: '52:54:00:00:00:01', seq: null, message: 'solicit', fromMachine: true, transaction: 1, elapsedMs: 0, client: 'firmware', architecture: 7, architectureId: 'uefi-x64', server: null, address: '', bootFile: '', relay: null, uuid: null, words: '' }
    expect(starts(asking(0), six)).toEqual([0])
    expect(starts(asking(0), answered(10), six)).toEqual([0, 20_000])
    expect(starts(six, { ...six, message: 'reply', fromMachine: false, atMs: 20_010, address: 'fd00:77::9' }, asking(40_000))).toEqual([20_000, 40_000])
    // Beside PXE the firmware's own IPv6 asks for itself.
    expect(starts(asking(0), answered(10), { ...six, client: 'system' })).toEqual([0])
  })
  test('another network card is another boot', () => expect(starts(asking(0), asking(10, 'firmware', '52:54:00:00:00:02'))).toEqual([0, 10]))
  test('hours later it is another boot', () => expect(starts(asking(0), asking(3600_000))).toEqual([0, 3600_000]))
  test('an installed system that asks for its address begins none', () => expect(starts(asking(0, 'system'))).toEqual([]))
})

test('no bytes whatever make the reader throw', () => {
  const six = decodePcap(readRecorded('ipv6-loader-never-fetched').pcap)
  const seeds = six.ok ? six.value.frames.map(({ bytes }) => bytes) : []
  const frames = Array.from(hostilePackets([...seeds, new Uint8Array(64), Buffer.from('ffffffffffff525400000001080045000120000000004011000000000000ffffffff00440043010c0000010106', 'hex')], 6000, 7), (bytes, index) => ({ atMs: index, bytes, wholeBytes: bytes.length }))
  expect(Array.isArray(readPackets(frames, '52:54:00:00:00:01'))).toBe(true)
})
