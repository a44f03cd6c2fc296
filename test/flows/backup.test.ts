import Database from 'better-sqlite3'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Machine } from '#contract/operator-api'
import { ControlProcess } from '../sim/control-process.ts'
import { rootTerminal } from '../sim/root-terminal.ts'
import { SimMachine } from '../sim/machine.ts'

const mac = '52:54:00:ab:00:01'
const key = `ssh-ed25519 ${'A'.repeat(68)} ada@desk`
let control: ControlProcess
let sim: SimMachine
let file: string
let type: ReturnType<typeof rootTerminal>

beforeAll(async () => {
  control = await ControlProcess.make()
  await control.start()
  file = path.join(control.home, 'backup.tar.gz')
  type = rootTerminal(control)
  sim = new SimMachine({ mac, uuid: '5c10ad00-0000-4000-8000-0000000000b1', serial: 'SIM2', address: '127.0.0.79', url: control.url, ca: control.ca })
})
afterAll(async () => {
  sim?.off()
  await control?.remove()
})

const nameOf = async (): Promise<string | undefined> => (await control.machine(mac))?.name

it('backs up while everything is written, restores what was, and keeps what was before that', async () => {
  sim.boot('ramdisk')
  await control.until(mac, (machine) => machine.phase === 'discovered')
  await control.api('POST', `machines/${mac}/rename`, { name: 'first-name' })
  await control.api('PUT', 'ssh-keys', { keys: [key] })
  const ca = control.ca
  const busy = Array.from({ length: 40 }, (_, n) => control.api('POST', `machines/${mac}/power`, { act: 'on' }).then(() => n))
  expect(await type('backup', file)).toMatchObject({ code: 0 })
  await Promise.all(busy)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(gunzipSync(readFileSync(file)).toString('latin1')).toContain('ca/ca.pem')
  expect(await type('backup', file)).toMatchObject({ code: 1 })

  const registry = (): Database.Database => new Database(path.join(control.home, 'data/state/registry.db'))
  registry().prepare('INSERT INTO Certificate VALUES (?, ?, ?, ?)').run('0c0ffee0', 'm1', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z')
  await control.api('POST', `machines/${mac}/rename`, { name: 'second-name' })
  await control.api('PUT', 'ssh-keys', { keys: [] })
  expect(await nameOf()).toBe('second-name')

  const ended = control.ended()
  const restoring = type('restore', file, '--yes')
  await ended
  await control.start()
  const said = await restoring
  expect(said.text).toMatch(/is restored, and the appliance runs with it/)
  expect(said.code).toBe(0)
  expect(await nameOf()).toBe('first-name')
  expect((await control.api('GET', 'ssh-keys')).value).toEqual({ keys: [key] })
  expect(control.ca).toBe(ca)
  // Revoked after the backup was made.
  expect(registry().prepare('SELECT revokedAt FROM Certificate WHERE serial = ?').pluck().get('0c0ffee0')).toBe('2026-01-02T00:00:00Z')
  expect(existsSync(path.join(control.home, 'data/state.before-restore/registry.db'))).toBe(true)
  expect(existsSync(path.join(control.home, 'data/state.restore'))).toBe(false)
  const events = (await control.api('GET', 'events?limit=5000')).value as { events: { kind: string; seq: number }[] }
  expect(events.events.at(-1)).toMatchObject({ kind: 'state.restored', text: expect.stringContaining('What was revoked since then stays revoked.') as string })
  expect(events.events.map((event) => event.seq)).toEqual(events.events.map((_, index) => index + 1))
  // The machine goes on with the state that was restored.
  expect((await control.until(mac, (machine: Machine) => machine.phase === 'discovered')).inventory?.serial).toBe('SIM2')
}, 120_000)

it('refuses what is no backup, and goes on as before', async () => {
  const bytes = readFileSync(file)
  for (const [name, content] of [['noise', Buffer.from('noise')], ['cut', bytes.subarray(0, bytes.length / 2)]] as const) {
    writeFileSync(path.join(control.home, name), content)
    const said = await type('restore', path.join(control.home, name), '--yes')
    expect(said.code, name).toBe(1)
    expect(said.text, name).toMatch(/cannot be restored: it is/)
  }
  expect(await nameOf()).toBe('first-name')
  expect(existsSync(path.join(control.home, 'data/state.restore'))).toBe(false)
})
