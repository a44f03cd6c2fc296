import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import dgram from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { hostsFile, renderHosts } from '#control/hosts-file'
import { dnsArguments } from '../../apps/supervisor/dns.ts'

let folder: string
let server: ChildProcess
let resolver: Resolver

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sc-names-'))
  // The name server gives up root and reads as another user.
  chmodSync(folder, 0o755)
  hostsFile(folder)(renderHosts([], ['10.77.0.1']))
  const port = await freePort()
  server = spawn('dnsmasq', dnsArguments({ address: '127.0.0.1', port, hostsDir: folder, asksOthers: false }), { stdio: 'ignore' })
  resolver = new Resolver({ timeout: 500, tries: 1 })
  resolver.setServers([`127.0.0.1:${port}`])
})
afterAll(() => {
  server?.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

/** What the name server says of a name; empty where it knows none. */
const ask = (name: string): Promise<string[]> => resolver.resolve4(name).catch(() => [])
const answers = (name: string, expected: string[]) => vi.waitUntil(async () => JSON.stringify(await ask(name)) === JSON.stringify(expected), { timeout: 20_000, interval: 50 })

it('a machine has its name at once, another one after it was renamed, and none when it is gone', async () => {
  await answers('appliance', ['10.77.0.1'])
  const write = hostsFile(folder)
  write(renderHosts([{ name: 'node-1', address: '10.77.0.11' }, { name: 'node-2', address: null }], ['10.77.0.1']))
  await answers('node-1', ['10.77.0.11'])
  expect(await ask('node-2')).toEqual([])
  write(renderHosts([{ name: 'web-1', address: '10.77.0.11' }, { name: 'node-2', address: '10.77.0.12' }], ['10.77.0.1']))
  await answers('web-1', ['10.77.0.11'])
  await answers('node-1', [])
  expect(await ask('node-2')).toEqual(['10.77.0.12'])
  write(renderHosts([], ['10.77.0.1']))
  await answers('web-1', [])
  await answers('appliance', ['10.77.0.1'])
})

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4').once('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}
