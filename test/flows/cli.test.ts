import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { extract } from 'tar-stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { run } from '#cli/run'
import type { Terminal } from '#cli/terminal'
import { failedGraceMs } from '#cli/wait/wait-for'
import { fixtureMachine, OperatorFixture } from './cli-fixture.ts'

let folder: string
let appliance: OperatorFixture

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sc-cli-'))
  const socket = path.join(folder, 'operator.sock')
  writeFileSync(path.join(folder, 'appliance.json'), JSON.stringify({ socket, url: 'https://127.0.0.1:1', dataDir: folder }))
  appliance = new OperatorFixture(socket)
  for (const machine of [fixtureMachine(1), fixtureMachine(2)]) appliance.machines.set(machine.id, machine)
  await appliance.start()
})

afterEach(async () => {
  await appliance.stop()
  rmSync(folder, { recursive: true })
})

interface Said { code: number; out: string; err: string }

/** Resolves when something has become so, which takes half a minute at most. */
const until = (isSo: () => boolean): Promise<true> => vi.waitUntil(isSo, { timeout: 30_000, interval: 20 })

/** Runs a command line as root would; `answers` are typed by a person at a terminal. */
function type(line: string, answers?: string[], interrupt = new AbortController()): Promise<Said> & { said: Said } {
  const said: Said = { code: -1, out: '', err: '' }
  const terminal: Terminal = {
    out: (text) => { said.out += text }, err: (text) => { said.err += text },
    outIsTty: false, errIsTty: false, inIsTty: answers !== undefined, env: { SYSTEM_CLOUD_RUN: folder, HOME: folder }, isRoot: true, now: () => Date.now(),
    ask: async (question) => { said.err += question; return answers?.shift() }, readAll: async () => '', interrupted: interrupt.signal,
  }
  const done = run(line.split(' '), terminal).then((code) => Object.assign(said, { code }))
  return Object.assign(done, { said })
}

test('machines: a table for people, an array with the promised fields for programs', async () => {
  const table = await type('machines')
  expect(table.code).toBe(0)
  expect(table.out.split('\n')[1]).toMatch(/^m1 +node-1 +52:54:00:00:00:01 +discovered/)
  const json = JSON.parse((await type('machines --json')).out) as Record<string, unknown>[]
  expect(json).toHaveLength(2)
  expect(json[0]).toMatchObject({ id: 'm1', name: 'node-1', mac: '52:54:00:00:00:01', phase: 'discovered', role: null, generation: 1 })
})

test('a machine is named by id, name or MAC in any form; an unknown one is the appliance\'s own sentence and code 1', async () => {
  for (const name of ['m1', 'node-1', '52-54-00-00-00-01', '52:54:00:00:00:01']) expect((await type(`machine ${name}`)).out).toContain('node-1')
  expect(await type('machine nobody')).toMatchObject({ code: 1, err: 'systemcloud: there is no machine "nobody": "systemcloud machines" lists them\n' })
})

test('assign shows the plan of all machines, asks once, and does nothing without a yes', async () => {
  const no = await type('assign m1 m2 manager', ['n'])
  expect(no.code).toBe(1)
  expect(no.err).toContain('node-1 becomes manager')
  expect(no.err).toContain('everything on it: an ext4 file system')
  expect(no.err).toContain('Go on with 2 machines, ERASING 2 disks?')
  expect(appliance.calls.filter((call) => call.startsWith('PUT'))).toEqual([])
  expect((await type('assign m1 m2 manager', ['y'])).code).toBe(0)
  expect([...appliance.machines.values()].map((one) => one.phase)).toEqual(['deploying', 'deploying'])
})

test('assign --yes asks nothing; without it and without a person it is a wrong call', async () => {
  expect((await type('assign m1 manager')).code).toBe(2)
  expect(appliance.machines.get('m1')?.phase).toBe('discovered')
  const done = await type('assign m1 manager --yes --json')
  expect(JSON.parse(done.out)).toMatchObject([{ id: 'm1', role: 'manager', phase: 'deploying' }])
})

test('a refused plan stops all of it, with the reason', async () => {
  appliance.change('m2', { phase: 'seen' })
  const done = await type('assign m1 m2 manager --yes')
  expect(done.code).toBe(1)
  expect(done.err).toContain('nothing was assigned: node-2: it has not posted an inventory yet')
  expect(appliance.machines.get('m1')?.phase).toBe('discovered')
})

test('release says whether the disk is erased', async () => {
  expect((await type('release m1', ['n'])).err).toContain('the disk is kept')
  const done = await type('release m1 --erase', ['yes'])
  expect(done).toMatchObject({ code: 0 })
  expect(done.err).toContain('ERASED')
})

test('wait returns when the last machine is there, told by the socket', async () => {
  const waiting = type('wait m1 m2 ready --timeout 30')
  appliance.change('m1', { phase: 'ready' })
  await until(() => appliance.listeners('fleet') === 1 && appliance.answered >= 2)
  const asked = appliance.calls.length
  appliance.change('m2', { phase: 'ready' })
  expect((await waiting).code).toBe(0)
  expect(appliance.calls.slice(asked)).toEqual([])
  expect((await waiting).err).toContain('node-2: ready')
})

test('wait ends with 1 on a time-out and on failed, with the reason', async () => {
  const late = await type('wait m1 ready --timeout 0.3')
  expect(late.code).toBe(1)
  expect(late.err).toContain('not ready after')
  appliance.change('m1', { phase: 'failed', problem: 'the disk is too small: use another one' })
  const failed = await type('wait m1 ready --timeout 20')
  expect(failed.code).toBe(1)
  expect(failed.err).toContain('failed: the disk is too small: use another one')
  expect((await type('wait m1 failed')).code).toBe(0)
})

test('wait believes a failed that a retry is about to end only after a moment', async () => {
  appliance.change('m1', { phase: 'failed' })
  const startedAt = Date.now()
  const waiting = type('wait m1 ready --timeout 20')
  await until(() => appliance.listeners('fleet') === 1 && appliance.answered >= 1)
  appliance.change('m1', { phase: 'deploying' }, false)
  await until(() => appliance.answered >= 2 && Date.now() > startedAt + failedGraceMs)
  // It decides anew at each news: now with the moment over.
  appliance.change('m1', { phase: 'deploying' })
  appliance.change('m1', { phase: 'ready' })
  expect((await waiting).code).toBe(0)
})

test('wait survives a restart of the appliance', async () => {
  const waiting = type('wait m1 ready --timeout 60')
  await until(() => appliance.listeners('fleet') === 1 && appliance.answered >= 1)
  await appliance.stop()
  await until(() => waiting.said.err.includes('Waiting for the appliance'))
  appliance.change('m1', { phase: 'ready' }, false)
  await appliance.start()
  const done = await waiting
  expect(done.code).toBe(0)
  expect(done.err).toContain('Waiting for the appliance')
  expect(done.err).toContain('The appliance is back.')
})

test('logs -f shows each line once and in order, over a restart too', async () => {
  appliance.append('first')
  const interrupt = new AbortController()
  const following = type('logs m1 -f', undefined, interrupt)
  const follows = (): boolean => appliance.listeners('machine:m1') === 1
  const shown = (text: string): Promise<true> => until(() => following.said.out.includes(text))
  await until(follows)
  await shown('first')
  appliance.append('second')
  await shown('second')
  await appliance.stop()
  appliance.log.push({ seq: 2, at: '2026-01-01T00:00:00.000Z', source: 'agent', level: 'info', text: 'third \u001b[2J' })
  await appliance.start()
  await shown('third')
  // It asks for everything it may have missed when it is connected again: a line that comes after that ends the chance of a second showing.
  await until(follows)
  appliance.append('fourth')
  await shown('fourth')
  interrupt.abort()
  const done = await following
  expect(done.out.split('\n').map((line) => line.split(/ +/)[2] ?? '')).toEqual(['first', 'second', 'third', 'fourth', ''])
  expect(done.out).not.toContain('\u001b')
})

test('deploy sends the folder, ignores the version before, and returns when its own serves', async () => {
  const app = path.join(folder, 'guestbook')
  mkdirSync(path.join(app, '.git'), { recursive: true })
  for (const [name, text] of [['app.yaml', 'runtime: python313\n'], ['main.py', 'print(1)\n'], ['.git/HEAD', 'x'], ['notes.txt', 'x'], ['.gcloudignore', '*.txt\n']] as const) writeFileSync(path.join(app, name), text)
  const old = { name: 'guestbook', version: 'v0', runtime: 'python313', domain: 'guestbook.lab.test', url: 'http://guestbook.localhost:8080/', balancerUrl: 'http://127.0.0.1:8080/', state: 'serving' as const, detail: '', instancesWanted: 2, instances: [], seenAt: null, deployedAt: '2026-01-01T00:00:00Z', warnings: [] }
  appliance.apps = [old]
  const deploying = type(`deploy ${app}`)
  await until(() => deploying.said.err.includes('guestbook v1: waiting'))
  expect(deploying.said.err).not.toContain('v1: serving')
  appliance.apps = [{ ...old, version: 'v1' }]
  expect(await deploying).toMatchObject({ code: 0 })
  expect(deploying.said.err).toContain('guestbook v1: serving')
  const names: string[] = []
  const reader = extract()
  reader.on('entry', (header, stream, next) => { names.push(header.name); stream.resume(); next() })
  await new Promise<void>((resolve) => { reader.on('finish', () => resolve()); reader.end(appliance.uploads[0]) })
  expect(names).toEqual(['app.yaml', 'main.py'])
  const again = type(`deploy ${app}`)
  appliance.apps = [{ ...old, version: 'v2', state: 'failed', detail: 'app.yaml: entrypoint is missing' }]
  const failed = await again
  expect(failed.code).toBe(1)
  expect(failed.err).toContain('guestbook failed: app.yaml: entrypoint is missing')
})

test('power off asks first; status only looks', async () => {
  expect(JSON.parse((await type('power m1 status --json')).out)).toMatchObject({ state: 'on', driver: 'lab' })
  expect((await type('power m1 off', ['n'])).code).toBe(1)
  expect((await type('power m1 off', ['y'])).out).toBe('node-1: power off, by lab\n')
  expect((await type('power m1 explode')).code).toBe(2)
})

test('what an appliance does not offer is said so; no appliance says how to start one', async () => {
  expect(await type(`backup ${path.join(folder, 'state.tar')}`)).toMatchObject({ code: 1, err: 'systemcloud: no such address: POST backup\n' })
  rmSync(path.join(folder, 'appliance.json'))
  const none = await type('machines')
  expect(none.code).toBe(1)
  expect(none.err).toContain('scripts/up --lab')
})
