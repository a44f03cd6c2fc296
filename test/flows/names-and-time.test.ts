import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { hostsFile, renderHosts } from '#control/hosts-file'
import { keepRunning, type KeptProcess } from '../../apps/supervisor/child.ts'
import { serveNamesAndTime } from '../../apps/supervisor/names-and-time.ts'

/** The real servers of names and time, on an appliance with two cards and one more network behind a router. */
const [appliance, first, second] = ['a', 'f', 's'].map((place) => `sc-nt${place}-${process.pid}`) as [string, string, string]
const ip = (...words: string[]): void => void execFileSync('ip', words)
const kept: KeptProcess[] = []
const said: string[] = []
let folder: string
let served: { close(): void }

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sc-nt-'))
  chmodSync(folder, 0o755)
  for (const name of [appliance, first, second]) { ip('netns', 'add', name); ip('-n', name, 'link', 'set', 'lo', 'up') }
  for (const [space, card, net] of [[first, 'eth0', '10.77.0'], [second, 'eth1', '10.99.0']] as const) {
    ip('-n', appliance, 'link', 'add', card, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
    ip('-n', appliance, 'address', 'add', `${net}.1/24`, 'dev', card)
    ip('-n', space, 'address', 'add', `${net}.11/24`, 'dev', 'eth0')
    ip('-n', appliance, 'link', 'set', card, 'up')
    ip('-n', space, 'link', 'set', 'eth0', 'up')
    ip('-n', space, 'route', 'add', 'default', 'via', `${net}.1`)
  }
  ip('-n', first, 'address', 'add', '10.88.0.11/24', 'dev', 'eth0')
  ip('-n', appliance, 'route', 'add', '10.88.0.0/24', 'via', '10.77.0.11')
  hostsFile(path.join(folder, 'hosts'))(renderHosts([{ name: 'node-1', address: '10.77.0.11' }], ['10.77.0.1', '10.99.0.1']))
  mkdirSync(path.join(folder, 'own'))
  served = serveNamesAndTime({
    standing: { interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24' }, file: path.join(folder, 'networks.json'), as: [], user: 'root', hostsDir: path.join(folder, 'hosts'), asksOthers: false, runDir: folder, ownDir: path.join(folder, 'own'),
    say: (text) => void said.push(text),
    keep({ name, args }) {
      const one = keepRunning({ name, command: 'ip', args: ['netns', 'exec', appliance, ...args], logFile: path.join(folder, `${name}.log`) })
      kept.push(one)
      return one
    },
    async drop(one) {
      kept.splice(kept.indexOf(one), 1)
      await one.stop()
    },
  })
})
afterAll(async () => {
  served?.close()
  await Promise.all(kept.map((one) => one.stop()))
  for (const name of [appliance, first, second]) ip('netns', 'delete', name)
  rmSync(folder, { recursive: true, force: true })
})

/** Whether a program on a machine ends well. */
const does = (space: string, ...command: string[]): Promise<boolean> => promisify(execFile)('ip', ['netns', 'exec', space, ...command]).then(() => true, () => false)
const named = (space: string, server: string): Promise<boolean> => does(space, 'timeout', '3', 'busybox', 'nslookup', '-type=a', 'node-1', server)
/** Where a machine is told that the appliance is. */
const applianceAt = async (space: string, server: string): Promise<string[]> => {
  const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', space, 'timeout', '10', 'busybox', 'nslookup', '-type=a', 'appliance', server])
  return [...stdout.matchAll(/^Address: ([\d.]+)$/gm)].map(([, address = '']) => address)
}
const timed = (space: string, server: string, from: string): Promise<boolean> => does(space, 'chronyd', '-Q', '-U', '-t', '4', `bindacqaddress ${from}`, `server ${server} iburst maxsamples 1`, 'cmdport 0', `pidfile ${folder}/asking.pid`)
const becomes = (wanted: boolean, ask: () => Promise<boolean>): Promise<boolean> => vi.waitUntil(async () => (await ask()) === wanted, { timeout: 60_000, interval: 300 })
const write = (networks: unknown): void => writeFileSync(path.join(folder, 'networks.json'), JSON.stringify(networks))

it('serves the first network before anybody tells of one', async () => {
  await becomes(true, () => named(first, '10.77.0.1'))
  await becomes(true, () => timed(first, '10.77.0.1', '10.77.0.11'))
  expect(await Promise.all([named(second, '10.99.0.1'), timed(first, '10.77.0.1', '10.88.0.11')])).toEqual([false, false])
})

it('serves another card, and machines behind a relay, once control tells of them', async () => {
  write([{ address: '10.77.0.1', allow: ['10.77.0.0/24', '10.88.0.0/24'] }, { address: '10.99.0.1', allow: ['10.99.0.0/24'] }])
  await becomes(true, () => named(second, '10.99.0.1'))
  await becomes(true, () => timed(second, '10.99.0.1', '10.99.0.11'))
  await becomes(true, () => timed(first, '10.77.0.1', '10.88.0.11'))
  expect(await named(first, '10.77.0.1')).toBe(true)
  expect(kept.map(({ name }) => name).sort()).toEqual(['dns', 'dns-10.99.0.1', 'time', 'time-10.99.0.1'])
})

it('tells each network the address of the appliance there', async () => {
  expect(await Promise.all([applianceAt(first, '10.77.0.1'), applianceAt(second, '10.99.0.1')])).toEqual([['10.77.0.1'], ['10.99.0.1']])
})

it('goes on where what it reads is no list of networks, and stops where a network is gone', async () => {
  write([{ address: '10.99.0.1\nallow all', allow: ['0.0.0.0/0'] }])
  await vi.waitUntil(() => said.length > 0, { timeout: 30_000 })
  expect(await named(second, '10.99.0.1')).toBe(true)
  write([{ address: '10.77.0.1', allow: ['10.77.0.0/24'] }])
  await Promise.all([becomes(false, () => named(second, '10.99.0.1')), becomes(false, () => timed(first, '10.77.0.1', '10.88.0.11'))])
  expect(await named(first, '10.77.0.1')).toBe(true)
})
