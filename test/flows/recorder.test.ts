import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decodePcap } from '#netboot/codec/pcap'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

const files = mkdtempSync(path.join(os.tmpdir(), 'sc-recorder-'))
const capture = path.join(files, 'packets', '5254000a0b0c.pcap')
let world: NetbootWorld

beforeAll(async () => {
  writeFileSync(path.join(files, 'loader'), randomBytes(300_000))
  writeFileSync(path.join(files, 'kernel'), randomBytes(8_000_000))
  world = await openNetbootWorld({ files: { 'undionly.kpxe': path.join(files, 'loader'), vmlinuz: path.join(files, 'kernel'), 'initrd.img': path.join(files, 'loader') }, packetFolder: path.join(files, 'packets') })
})
afterAll(async () => { await world?.close(); rmSync(files, { recursive: true, force: true }) })

const dump = (): string => (existsSync(capture) ? execFileSync('tcpdump', ['-nn', '-r', capture], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) : '')
/** The capture as text, once it holds what is waited for. */
const recorded = (what: RegExp): Promise<string> => vi.waitFor(() => { const text = dump(); expect(text).toMatch(what); return text }, { timeout: 20_000, interval: 200 })

describe('the packet recorder', () => {
  it('hears nothing of a client before it asks for an address', async () => {
    await world.client(['curl', '-sS', '-o', '/dev/null', 'http://10.77.0.1/boot.ipxe'])
    await world.client(['busybox', 'udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', '/bin/true'])
    // Frames are kept in order: once the later question is in the file, the earlier talk never comes.
    const text = await recorded(/BOOTP\/DHCP, Request/)
    expect(text).not.toContain('Flags [')
    expect(text).not.toContain('boot.ipxe')
  })

  it('keeps both directions of DHCP, ARP, TFTP and of HTTP the talk without the files, in a file that tcpdump reads', async () => {
    await world.client(['busybox', 'udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', '/bin/true'])
    await world.client(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', 'undionly.kpxe', 'x'])
    await world.client(['curl', '-sS', '-o', '/dev/null', 'http://10.77.0.1/files/vmlinuz'])
    const text = await recorded(/GET \/files\/vmlinuz[\s\S]*HTTP\/1\.1 200 OK/)
    expect(text.match(/BOOTP\/DHCP, Request from 52:54:00:0a:0b:0c/g)?.length).toBeGreaterThanOrEqual(2)
    expect(text.match(/10\.77\.0\.1\.67 > .*BOOTP\/DHCP, Reply/g)?.length).toBeGreaterThanOrEqual(2)
    expect(text).toMatch(/TFTP, length \d+, RRQ "undionly\.kpxe"/)
    expect(text).toMatch(/Flags \[S\][\s\S]*Flags \[S\.\]/)
    // The 8 MB of the kernel and most blocks of the loader are not in it.
    expect(readFileSync(capture).length).toBeLessThan(120_000)
  })

  it('keeps the times of the kernel, in order', () => {
    const decoded = decodePcap(readFileSync(capture))
    if (!decoded.ok) throw new Error(decoded.fault.kind)
    const times = decoded.value.frames.map(({ atMs }) => atMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(Math.abs((times.at(-1) ?? 0) - Date.now())).toBeLessThan(120_000)
  })

  it('knows the blocks of a transfer that came again from those that say nothing new', async () => {
    const frames = decodePcap(readFileSync(capture))
    if (!frames.ok) throw new Error(frames.fault.kind)
    const blocks = frames.value.frames.filter(({ bytes }) => bytes.length > 46 && bytes[23] === 17 && bytes[42] === 0 && bytes[43] === 3)
    // 300,000 bytes in blocks of 512 are 586: the first four, every thirty-second, and the last.
    expect(blocks.length).toBeGreaterThan(10)
    expect(blocks.length).toBeLessThan(60)
  })

  it('keeps the end of each transfer of a machine that fetches one file after the other', async () => {
    const lastBlock = Math.ceil(300_001 / 512)
    const ends = (): number => {
      const decoded = decodePcap(readFileSync(capture))
      return decoded.ok ? decoded.value.frames.filter(({ bytes }) => bytes[23] === 17 && bytes[42] === 0 && bytes[43] === 3 && (bytes[44] ?? 0) * 256 + (bytes[45] ?? 0) === lastBlock).length : 0
    }
    const before = ends()
    for (let transfer = 0; transfer < 3; transfer += 1) await world.client(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', 'undionly.kpxe', 'x'])
    await expect.poll(ends, { timeout: 20_000, interval: 200 }).toBe(before + 3)
  })
})
