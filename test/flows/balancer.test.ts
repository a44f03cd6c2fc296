import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { parseBalancerStats } from '#control/apps/balancer-stats'
import { renderErrorPage, renderHaproxy, renderHosts } from '#control/roles/haproxy'

/** The real HAProxy with a Manager's configuration, asked from three networks of which the cloud has two. */
const installed = spawnSync('/usr/sbin/haproxy', ['-v']).error === undefined
const space = `sc-lb-${process.pid}`
const children: ChildProcess[] = []
let folder: string
const start = (...command: string[]): ChildProcess => {
  const child = spawn('ip', ['netns', 'exec', space, ...command], { stdio: 'ignore' })
  children.push(child)
  return child
}

beforeAll(() => {
  if (!installed) throw new Error('haproxy is missing: run scripts/install test')
  folder = mkdtempSync(path.join(tmpdir(), 'sc-lb-'))
  chmodSync(folder, 0o755)
  execFileSync('ip', ['netns', 'add', space])
  execFileSync('ip', ['-n', space, 'link', 'set', 'lo', 'up'])
  for (const address of ['10.80.0.1', '10.81.0.1', '10.82.0.1']) execFileSync('ip', ['-n', space, 'address', 'add', `${address}/24`, 'dev', 'lo'])
  const paths = { config: path.join(folder, 'haproxy.cfg'), hosts: path.join(folder, 'hosts.map'), busy: path.join(folder, '503.http'), nobody: path.join(folder, '404.http') }
  const routes = [{ app: 'guestbook', domain: 'guestbook.lab.test', alias: 'guestbook.localhost', port: 30000, healthPath: '/', servers: [{ name: 'node-2', address: '10.80.0.1' }] }]
  writeFileSync(paths.config, renderHaproxy(routes, ['10.80.0.0/24', '10.81.0.0/24'], paths))
  writeFileSync(paths.hosts, renderHosts(routes))
  writeFileSync(paths.busy, renderErrorPage('503 Service Unavailable', 'Busy', 'Wait.'))
  writeFileSync(paths.nobody, renderErrorPage('404 Not Found', 'Nobody', 'Look.'))
  start('/usr/sbin/haproxy', '-db', '-f', paths.config)
})
afterAll(() => {
  if (!installed) return // nothing was made
  for (const child of children) child.kill('SIGKILL')
  execFileSync('ip', ['netns', 'delete', space])
  rmSync(folder, { recursive: true, force: true })
})

/** What curl gets from the statistics, asking from an address. */
const ask = (from: string): Promise<{ status: string; csv: string }> =>
  promisify(execFile)('ip', ['netns', 'exec', space, 'curl', '-s', '--max-time', '5', '--interface', from, '-w', '\n%{http_code}', 'http://10.80.0.1:8404/stats;csv']).then(({ stdout }) => ({ status: stdout.slice(-3), csv: stdout.slice(0, -4) }), () => ({ status: '', csv: '' }))
const sight = async () => parseBalancerStats((await ask('10.80.0.1')).csv).get('guestbook')

it('tells the health of an app to every network of the cloud, and to no other', async () => {
  const down = await vi.waitUntil(async () => { const found = await sight(); return found?.up === 0 ? found : undefined }, { timeout: 30_000, interval: 200 })
  expect(down.trouble).toBe('the load balancer reaches it on no machine (node-2: Layer4 connection problem: Connection refused)')
  expect([(await ask('10.81.0.1')).status, (await ask('10.82.0.1')).status]).toEqual(['200', '403'])

  const app = start(process.execPath, '-e', "require('http').createServer((_, answer) => answer.end('hello')).listen(30000, '10.80.0.1')")
  expect(await vi.waitUntil(async () => { const found = await sight(); return found?.up === 1 ? found : undefined }, { timeout: 30_000, interval: 200 })).toEqual({ up: 1, trouble: '' })
  app.kill('SIGKILL')
  expect((await vi.waitUntil(async () => { const found = await sight(); return found?.up === 0 ? found : undefined }, { timeout: 30_000, interval: 200 })).trouble).toContain('node-2')
})
