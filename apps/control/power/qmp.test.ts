import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runQmp } from './qmp.ts'

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

const signal = (): AbortSignal => AbortSignal.timeout(5000)

describe('runQmp', () => {
  it('negotiates, runs each command and passes over events', async () => {
    reply = (command) => `{"event":"RESUME"}\n{"return":{"ran":"${command}"}}\n`
    expect(await runQmp(path.join(folder, 's'), ['stop', 'system_reset'], signal())).toEqual([{ ran: 'stop' }, { ran: 'system_reset' }])
  })

  it('says what the guest refused', async () => {
    reply = (command) => (command === 'cont' ? '{"error":{"desc":"Resetting the VM is required"}}\n' : '{"return":{}}\n')
    await expect(runQmp(path.join(folder, 's'), ['cont'], signal())).rejects.toThrow('Resetting the VM is required')
  })

  it('does not wait for ever', async () => {
    reply = () => ''
    await expect(runQmp(path.join(folder, 's'), ['cont'], AbortSignal.timeout(50))).rejects.toThrow()
  })
})
