import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { run } from '#cli/run'
import type { Terminal } from '#cli/terminal'
import type { Transfer } from '#contract/operator-api'
import { openApplianceWorld, type ApplianceWorld } from '../sim/appliance-world.ts'

/** More than the kernel's buffers take at once, so that a slow reader is slow. */
const chunk = randomBytes(64_000_000)
const digest = createHash('blake2b512').update(chunk).digest('hex')
const url = `http://10.78.0.1/chunks/${digest}`
let world: ApplianceWorld
const running: ChildProcess[] = []

beforeAll(async () => {
  world = await openApplianceWorld('dl')
  const image = path.join(world.control.home, 'data/images/debian-13-0123456789abcdef')
  const manifest = JSON.parse(readFileSync(path.join(image, 'manifest.json'), 'utf8')) as object
  writeFileSync(path.join(image, 'manifest.json'), JSON.stringify({ ...manifest, root: [{ digest, compressedBytes: chunk.length, offsetBytes: 0, lengthBytes: chunk.length }] }))
  mkdirSync(path.join(image, 'chunks'))
  writeFileSync(path.join(image, 'chunks', digest), chunk)
  for (let n = 1; n <= 51; n += 1) world.ip('-n', world.clientSpace, 'addr', 'add', `10.78.200.${n}/16`, 'dev', 'eth0')
  await world.control.start()
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await world?.close()
})

/** A machine that fetches the image at so much a second, from the address with this number. Told to come back it does: without --fail curl would have to take that answer out of its file again. */
function download(n: number, rate: string): void {
  running.push(spawn('ip', ['netns', 'exec', world.clientSpace, 'curl', '-sS', '--fail', '--interface', `10.78.200.${n}`, '--limit-rate', rate, '--retry', '9', '-o', '/dev/null', url], { stdio: 'ignore' }))
}
const transfers = async (): Promise<Transfer[]> => (await world.control.api('GET', 'transfers')).value as Transfer[]
const of = (all: readonly Transfer[], n: number): Transfer | undefined => all.find(({ address }) => address === `10.78.200.${n}`)
/** What `systemcloud` with these words prints. */
async function type(...words: string[]): Promise<string> {
  let said = ''
  const terminal: Terminal = {
    out: (text) => { said += text }, err: (text) => { said += text }, outIsTty: false, errIsTty: false, inIsTty: false, env: { SYSTEM_CLOUD_RUN: path.join(world.control.home, 'run'), HOME: world.control.home }, isRoot: true, now: () => Date.now(),
    ask: async () => undefined, readAll: async () => '', interrupted: new AbortController().signal,
  }
  expect(await run(words, terminal)).toBe(0)
  return said
}

it('an image that nobody fetches is under way to nobody', async () => {
  writeFileSync(path.join(world.control.home, 'run/appliance.json'), JSON.stringify({ socket: path.join(world.control.home, 'run/operator.sock'), url: 'https://127.0.0.1:1', dataDir: world.control.home }))
  expect(await transfers()).toEqual([])
  expect(await type('transfers')).toBe('Nothing is under way.\n')
})

it('a download is shown at the rate at which its machine takes it', async () => {
  download(1, '1000k')
  // What the kernel takes ahead of the machine counts at first.
  const seen = await vi.waitUntil(async () => {
    const one = of(await transfers(), 1)
    return one !== undefined && one.sentBytes > 6_000_000 && one.bytesPerSecond > 700_000 && one.bytesPerSecond < 1_400_000 && one
  }, { timeout: 45_000, interval: 500 })
  expect(seen).toMatchObject({ kind: 'http', file: `chunks/${digest}`, sizeBytes: chunk.length, position: 0 })
  expect(seen.sentBytes).toBeLessThan(chunk.length)
  expect(await type('transfers')).toMatch(/^\S+ +10\.78\.200\.1 +http +chunks\/[0-9a-f]+ +[\d.]+ MB of 64\.0 MB +(?:\d{3} kB|1\.\d+ MB)\/s$/m)
})

it('the fifty-first machine waits, and is number one of those who do', async () => {
  for (let n = 2; n <= 50; n += 1) download(n, '20k')
  await vi.waitUntil(async () => (await transfers()).length === 50, { timeout: 30_000, interval: 200 })
  download(51, '20k')
  const waiting = await vi.waitUntil(async () => of(await transfers(), 51), { timeout: 30_000, interval: 200 })
  expect(waiting).toMatchObject({ position: 1, sentBytes: 0, bytesPerSecond: 0, startedAt: null })
  const all = await transfers()
  expect(all.filter(({ position }) => position === 0)).toHaveLength(50)
  expect(await type('transfers')).toMatch(/^\S+ +10\.78\.200\.51 +http +image +waits, number 1 +0 B\/s$/m)
  // One gives its place up by leaving; nobody keeps it longer than a machine needs to write.
  running[1]?.kill('SIGKILL')
  expect(await vi.waitUntil(async () => { const one = of(await transfers(), 51); return one?.position === 0 && one.sentBytes > 0 && one }, { timeout: 45_000, interval: 500 })).toMatchObject({ file: `chunks/${digest}` })
})
