import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPrograms } from '../bench/build.ts'
import type { DoraResult } from '../bench/clients/dora.ts'
import type { HttpResult } from '../bench/clients/http.ts'
import type { TftpResult } from '../bench/clients/tftp.ts'
import { mebibyte, prepare } from '../bench/noise.ts'
import { oursPlan } from '../bench/peers/ours.ts'
import { openWorld, type Server, type World } from '../bench/world.ts'
import { faultNames } from '../sim/storm/plan.ts'
import type { StormReport } from '../sim/storm/storm.ts'

const sizeBytes = 2 * mebibyte
let built: string
let world: World
let server: Server

beforeAll(async () => {
  built = await buildPrograms()
  world = await openWorld(built)
  const folder = prepare(world.folder, 'files', { 'undionly.kpxe': mebibyte / 4, 'snponly.efi': mebibyte / 4, 'ipxe.efi': mebibyte / 4, vmlinuz: sizeBytes, 'initrd.img': sizeBytes })
  server = await world.start('ours', oursPlan(built, world, { folder }))
})
afterAll(async () => {
  await server?.stop()
  await world?.close()
  if (built !== undefined) rmSync(built, { recursive: true, force: true })
})

describe('the bench’s clients against our servers', () => {
  it.each(['relay', 'broadcast'] as const)('give every new machine an address of its own: %s', async (mode) => {
    const result = await world.client<DoraResult>('dora', { mode, clients: 200, count: 200, inFlight: 32, seconds: 30, timeoutMs: 20_000, first: mode === 'relay' ? 1 : 1001 })
    expect(result).toMatchObject({ done: 200, lost: 0, naks: 0, duplicates: 0 })
  })

  it('fetch by TFTP, a hundredth of the packets lost, and get the right bytes', async () => {
    const result = await world.client<TftpResult>('tftp', { file: 'snponly.efi', original: path.join(world.folder, 'files/snponly.efi'), blockBytes: 1468, window: 16, clients: 4, seconds: 5, retryMs: 300, loss: 0.01, seed: 1 })
    expect(result).toMatchObject({ wrongBlocks: 0, window: 16 })
    expect(result.finished).toBeGreaterThan(0)
  })

  it('fetch by HTTP', async () => {
    const result = await world.client<HttpResult>('http', { path: '/files/vmlinuz', clients: 4, seconds: 2, sizeBytes })
    expect(result).toMatchObject({ failed: 0, served: 4 })
    expect(result.finished).toBeGreaterThan(0)
  })
})

describe('a storm of 100 machines with every fault', () => {
  it('ends with all of them booted, no NAK, and no address twice', async () => {
    const { report } = await world.client<{ report: StormReport }>('storm', { machines: 100, seed: 42, withinMs: 3000, faults: faultNames, deafMs: 1500, device: 'eth0', timeoutMs: 100_000 }, 110)
    expect(report).toMatchObject({ machines: 100, booted: 100, stuck: {}, naks: 0, duplicates: 0 })
    // The faults did strike: lives ended early, packets were lost.
    expect(report.lives).toBeGreaterThan(120)
    expect(report.dhcpRetries).toBeGreaterThan(0)
    expect(report.scripts).toBeGreaterThanOrEqual(100)
  })
})
