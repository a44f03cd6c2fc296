import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { powerDrivers } from './index.ts'

let folder: string
let server: net.Server
let running: boolean
let ran: string[]

/** Speaks QMP as QEMU does for a guest that was started with -S -no-shutdown. */
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'power-'))
  running = false
  ran = []
  server = net.createServer((socket) => {
    socket.write('{"QMP":{"version":{}}}\n')
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      const { execute } = JSON.parse(bytes.toString()) as { execute: string }
      if (execute !== 'qmp_capabilities' && execute !== 'query-status') ran.push(execute)
      if (execute === 'cont') running = true
      if (execute === 'stop') running = false
      socket.write(`{"event":"RESUME"}\n{"return":${execute === 'query-status' ? JSON.stringify({ running }) : '{}'}}\n`)
    })
  })
  await new Promise<void>((resolve) => { server.listen(path.join(folder, '52-54-00-77-00-01.qmp'), resolve) })
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const signal = AbortSignal.timeout(5000)
const connect = (mac = '52:54:00:77:00:01') => powerDrivers.find('lab')?.connect({}, { mac, macs: [mac], broadcasts: [], labDir: folder })

describe('the lab driver', () => {
  it('turns on, cycles and turns off', async () => {
    const session = connect()
    expect(await session?.state?.(signal)).toBe('off')
    await session?.on?.(signal)
    expect(await session?.state?.(signal)).toBe('on')
    await session?.on?.(signal)
    expect(ran).toEqual(['system_reset', 'cont'])
    await session?.cycle?.(signal)
    expect(await session?.state?.(signal)).toBe('on')
    await session?.off?.(signal)
    expect(await session?.state?.(signal)).toBe('off')
  })

  it('rejects where there is no such guest', async () => {
    await expect(connect('52:54:00:77:00:02')?.on?.(signal)).rejects.toThrow('ENOENT')
  })
})
