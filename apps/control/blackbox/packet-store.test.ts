import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeIpv4Udp } from '#netboot/codec/ipv4-udp'
import { decodePcap } from '#netboot/codec/pcap'
import { openPacketStore, type PacketLimits, type PacketStore } from './packet-store.ts'

const mac = '52:54:00:00:00:01'
const limits: PacketLimits = { fileBytes: 4096, totalBytes: 64 * 1024, ageMs: 3600_000, waitingBytes: 1024 * 1024, strangers: 4 }
const broken = (error: unknown): void => { throw error }
let folder: string
let nowMs = 1_800_000_000_000
const known = new Set<string>()
const open = (): PacketStore => openPacketStore(folder, { isKnown: (one) => known.has(one), now: () => nowMs, broken }, limits)
const frame = (of: string, text: string, atMs = nowMs) => {
  const packet = encodeIpv4Udp({ address: '10.77.0.1', port: 67 }, { address: '10.77.0.9', port: 68 }, Buffer.from(text))
  const bytes = Buffer.concat([Buffer.from(of.replaceAll(':', ''), 'hex'), Buffer.from('020000000001', 'hex'), Buffer.from([8, 0]), packet])
  return { mac: of, atMs, bytes, wholeBytes: bytes.length, outgoing: true }
}

beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'sc-packets-')); known.clear(); known.add(mac); nowMs = 1_800_000_000_000 })
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('packet store', () => {
  test('gives back what it took, over a restart too, to the microsecond', async () => {
    const first = open()
    first.add([frame(mac, 'one', nowMs + 0.125), frame(mac, 'two', nowMs + 3)])
    await first.close()
    const second = open()
    second.add([frame(mac, 'three', nowMs + 4)])
    const frames = await second.frames(mac)
    expect(frames.map(({ bytes }) => Buffer.from(bytes).subarray(42).toString())).toEqual(['one', 'two', 'three'])
    expect(frames[0]?.atMs).toBeCloseTo(nowMs + 0.125, 3)
    await second.close()
  })

  test('makes a file that tcpdump reads', async () => {
    const store = open()
    store.add([frame(mac, 'hello'), frame(mac, 'again')])
    const file = path.join(folder, 'download.pcap')
    writeFileSync(file, await store.capture([mac]))
    const text = execFileSync('tcpdump', ['-nn', '-r', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    expect(text.match(/10\.77\.0\.1\.67 > 10\.77\.0\.9\.68/g)).toHaveLength(2)
    await store.close()
  })

  test('keeps a bounded ring of the newest for each machine', async () => {
    const store = open()
    for (let index = 0; index < 200; index += 1) {
      store.add([frame(mac, `packet ${index} ${'x'.repeat(100)}`)])
      if (index % 10 === 9) await store.frames(mac)
    }
    const frames = await store.frames(mac)
    const texts = frames.map(({ bytes }) => Buffer.from(bytes).subarray(42).toString())
    expect(texts.at(-1)).toMatch(/^packet 199 /)
    expect(frames.length).toBeLessThan(60)
    expect(store.macs()[0]?.bytes).toBeLessThanOrEqual(2 * limits.fileBytes)
    await store.close()
  })

  test('goes on behind the last whole frame after a kill in the middle of a write', async () => {
    const first = open()
    first.add([frame(mac, 'whole')])
    await first.close()
    appendFileSync(path.join(folder, readdirSync(folder)[0] ?? ''), Buffer.from([1, 2, 3, 4, 5]))
    const second = open()
    second.add([frame(mac, 'after')])
    expect((await second.frames(mac)).map(({ bytes }) => Buffer.from(bytes).subarray(42).toString())).toEqual(['whole', 'after'])
    await second.close()
  })

  test('lets no flood of strangers push out a machine, nor fill the disk', async () => {
    const store = open()
    store.add([frame(mac, 'known')])
    for (let round = 0; round < 20; round += 1) {
      nowMs += 2000
      store.add(Array.from({ length: 500 }, (_, index) => frame(`02:00:00:00:${round.toString(16).padStart(2, '0')}:${(index % 256).toString(16).padStart(2, '0')}`, 'stranger')))
      await store.frames(mac)
    }
    await store.close()
    expect(readdirSync(folder).length).toBeLessThanOrEqual(limits.strangers + 1)
    expect(await open().frames(mac)).toHaveLength(1)
    expect(decodePcap(await open().capture([mac])).ok).toBe(true)
  })

  test('forgets what is too old', async () => {
    const store = open()
    store.add([frame(mac, 'old')])
    nowMs += limits.ageMs + 1
    known.add('52:54:00:00:00:02')
    store.add([frame('52:54:00:00:00:02', 'new')])
    await store.close()
    expect(readdirSync(folder)).toEqual(['525400000002.pcap'])
  })
})
