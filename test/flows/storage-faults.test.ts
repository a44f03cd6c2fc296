import Database from 'better-sqlite3'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { JournalEvent } from '#contract/events'
import { openApplianceWorld, type ApplianceWorld } from '../sim/appliance-world.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sc-fault-'))
const shim = path.join(folder, 'disk-fault.so')
const faultFile = path.join(folder, 'fault')
const someKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample'
let world: ApplianceWorld

beforeAll(() => { execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, path.join(import.meta.dirname, '../sim/disk-fault.c'), '-ldl']) })
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(world.control.output.slice(-3000))
  await world.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const state = (): string => path.join(world.control.home, 'data/state')
const health = async (): Promise<{ status: number; detail: string }> => {
  const { status, value } = await world.control.api('GET', '/healthz')
  return { status, detail: (value as { detail: string }).detail }
}

/** What was promised on the wire and is not in the database. */
function notStored(): string[] {
  const db = new Database(path.join(state(), 'hot.db'), { readonly: true })
  const leases = new Map((db.prepare('SELECT address, mac FROM leases').all() as { address: string; mac: string }[]).map((row) => [row.address, row.mac]))
  db.close()
  return world.acks.filter(({ mac, address }) => leases.get(address) !== mac).map(({ mac, address }) => `${mac} ${address}`)
}

/** Breaks the disk, looks at everything that must be said and refused meanwhile, mends it, and waits until all is served again. */
async function goThrough(breakDisk: () => void, mendDisk: () => void, words: RegExp): Promise<void> {
  await world.control.start()
  await world.dora(20, 8)
  expect((await health()).status).toBe(200)

  breakDisk()
  world.beginDora(200, 32)
  await vi.waitUntil(async () => (await health()).status === 503, { timeout: 30_000, interval: 50 })
  expect((await health()).detail).toMatch(words)
  const promised = world.acks.length
  const answer = await vi.waitUntil(async () => {
    const put = await world.control.api('PUT', 'ssh-keys', { keys: [someKey] })
    return put.status === 503 && put
  }, { timeout: 30_000, interval: 50 })
  expect((answer.value as { detail: string }).detail).toMatch(words)
  expect(((await world.control.api('GET', 'status')).value as { warnings: string[] }).warnings.join()).toMatch(words)
  expect((await world.control.api('PATCH', 'networks/provisioning', { policy: 'ignore' })).status).toBe(503)
  expect((await world.control.api('GET', 'networks')).value).toMatchObject([{ policy: 'discover' }])
  await world.asked()
  expect(world.acks.length).toBe(promised)
  expect(notStored()).toEqual([])

  mendDisk()
  await vi.waitUntil(async () => (await health()).status === 200, { timeout: 30_000, interval: 100 })
  await world.acked(220)
  expect((await world.control.api('PUT', 'ssh-keys', { keys: [someKey] })).status).toBe(200)
  expect((await world.control.api('PATCH', 'networks/provisioning', { policy: 'ignore' })).value).toMatchObject({ policy: 'ignore' })
  const events = ((await world.control.api('GET', 'events?limit=5000')).value as { events: JournalEvent[] }).events
  expect(events.map((event) => event.kind)).toContain('storage.recovered')
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1))
  await world.control.kill()
  expect(notStored()).toEqual([])
  expect(world.naks).toEqual([])
}

describe('a disk that fails', { timeout: 180_000 }, () => {
  it('gets full: no ACK and no act without its commit, said everywhere, and over when there is room again', async () => {
    world = await openApplianceWorld('sf', 24 * 1024 * 1024)
    const filler = path.join(state(), 'filler')
    await goThrough(() => fill(filler), () => rmSync(filler), /disk of the appliance is full/)
  })

  it('is full already when control starts: it stays, says so everywhere, gives nothing, and goes on by itself when there is room', async () => {
    world = await openApplianceWorld('sg', 24 * 1024 * 1024)
    const filler = path.join(state(), 'filler')
    await world.control.start()
    await world.dora(20, 8)
    await world.control.kill()
    fill(filler)
    const starting = world.control.start()
    await vi.waitUntil(async () => (await health().catch(() => undefined))?.status === 503, { timeout: 20_000, interval: 50 })
    const { pid } = world.control
    expect((await health()).detail).toMatch(/disk of the appliance is full.*goes on by itself/)
    expect((await world.control.api('GET', 'status')).value).toMatchObject({ status: 503, detail: expect.stringMatching(/disk of the appliance is full/) as string })
    expect(await world.control.text('/machines')).toMatch(/disk of the appliance is full/)
    world.beginDora(30, 8)
    await world.asked()
    expect([world.acks.length, world.control.pid, (await health()).status]).toEqual([20, pid, 503])
    rmSync(filler)
    await starting
    expect([world.control.pid, (await health()).status]).toEqual([pid, 200])
    await world.acked(50)
    expect(notStored()).toEqual([])
    expect(world.naks).toEqual([])
  })

  it.each(['fsync', 'write'])('answers EIO to %s: the same, and the database is verified before it is trusted again', async (act) => {
    world = await openApplianceWorld('sf')
    Object.assign(world.control.environment, { LD_PRELOAD: shim, DISK_FAULT_FILE: faultFile })
    await goThrough(() => writeFileSync(faultFile, act), () => rmSync(faultFile), /disk of the appliance fails/)
  })
})

/** Takes all room of the file system that is left. */
function fill(file: string): void {
  const handle = openSync(file, 'w')
  try {
    for (const size of [64 * 1024, 4096, 1]) for (;;) if (!tryWrite(handle, size)) break
  } finally {
    closeSync(handle)
  }
}

function tryWrite(handle: number, size: number): boolean {
  try {
    return writeSync(handle, Buffer.alloc(size)) > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
