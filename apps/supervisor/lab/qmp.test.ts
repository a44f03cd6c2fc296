import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { qmp } from './qmp.ts'

let folder: string
let server: net.Server
let reply: (command: string) => string

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'qmp-'))
  server = net.createServer((socket) => {
    socket.write('{"QMP":{"version":{}}}\n')
    socket.on('data', (bytes: Buffer) => socket.write(reply((JSON.parse(bytes.toString()) as { execute: string }).execute)))
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => { server.listen(path.join(folder, 's'), resolve) })
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

describe('qmp', () => {
  it('negotiates, runs each command and passes over events', async () => {
    reply = (command) => `{"event":"RESUME"}\n{"return":{"ran":"${command}"}}\n`
    expect(await qmp(path.join(folder, 's'), ['stop', 'system_reset'])).toEqual([{ ran: 'stop' }, { ran: 'system_reset' }])
  })

  it('says what the guest refused', async () => {
    reply = (command) => (command === 'cont' ? '{"error":{"desc":"Resetting the VM is required"}}\n' : '{"return":{}}\n')
    await expect(qmp(path.join(folder, 's'), ['cont'])).rejects.toThrow('Resetting the VM is required')
  })

  it('does not wait for ever', async () => {
    reply = () => ''
    await expect(qmp(path.join(folder, 's'), ['cont'], 50)).rejects.toThrow('no answer')
  })
})
