import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { afterAll, afterEach, expect, test } from 'vitest'
import { phases } from '#contract/lifecycle'
import { runsInstalledSystem, shutDownGuests } from './shut-down.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'sc-off-'))
const servers: net.Server[] = []
afterEach(() => { for (const server of servers.splice(0)) server.close() })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A QEMU that is `running`, and stops `looks` looks after its power button was pressed. */
async function guest(index: number, running: boolean, looks: number): Promise<{ index: number; qmp: string; pressed(): number }> {
  const qmp = path.join(folder, `${index}-${Math.random()}.qmp`)
  let [pressed, left] = [0, looks]
  const server = net.createServer((socket) => {
    const send = (message: object): void => void socket.write(`${JSON.stringify(message)}\n`)
    send({ QMP: {} })
    socket.on('error', () => socket.destroy())
    readline.createInterface({ input: socket }).on('line', (line) => {
      const { execute } = JSON.parse(line) as { execute: string }
      if (execute === 'system_powerdown') pressed += 1
      if (execute === 'query-status' && pressed > 0) left -= 1
      send({ return: execute === 'query-status' ? { running: running && left >= 0 } : {} })
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => { server.listen(qmp, resolve) })
  return { index, qmp, pressed: () => pressed }
}

test('only what an installed system has written is worth waiting for', () => expect(phases.filter(runsInstalledSystem)).toEqual(['starting', 'ready', 'silent']))

test('presses each running machine’s button once and waits until it is off; one that is off, or gone, is left alone', async () => {
  const [on, off] = [await guest(0, true, 2), await guest(1, false, 0)]
  const said: string[] = []
  await shutDownGuests([on, off, { index: 2, qmp: path.join(folder, 'absent') }], (text) => said.push(text), new AbortController().signal)
  expect([on.pressed(), off.pressed()]).toEqual([1, 0])
  expect(said).toEqual(['lab: asking machine 1 to shut down, for 60 s at most; Ctrl-C again cuts the power at once', expect.stringMatching(/^lab: machine 1 has shut down \(\d+ s\)$/)])
})

test('waits no longer than it may, and not at all once it is told so', async () => {
  const stubborn = await guest(0, true, 1e6)
  const said: string[] = []
  await shutDownGuests([stubborn], (text) => said.push(text), new AbortController().signal, 1000)
  expect(said.at(-1)).toBe('lab: machine 1 has not shut down (1 s are over): its power is cut')
  const again = new AbortController()
  await shutDownGuests([stubborn], (text) => { said.push(text); again.abort() }, again.signal)
  expect(said.at(-1)).toBe('lab: machine 1 has not shut down (told not to wait): its power is cut')
})

test('without a running machine nothing is said', async () => {
  const said: string[] = []
  await shutDownGuests([await guest(0, false, 0)], (text) => said.push(text), new AbortController().signal)
  expect(said).toEqual([])
})
