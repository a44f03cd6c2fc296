import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Machine } from '#contract/operator-api'
import { bundle } from '../../scripts/bundle.ts'
import { openClient, type BootClient } from '../boots/client.ts'
import { installBuild } from '../boots/world.ts'
import { ControlProcess } from '../sim/control-process.ts'

// The appliance stands in 10.77.0.0/24 with its first card and in 10.99.0.0/24 with its second. The client on the second has no route to the first.
const [appliance, elsewhere] = [`sc-tla-${process.pid}`, `sc-tlb-${process.pid}`]
const mac = '52:54:00:99:00:01'
const programs = path.join(import.meta.dirname, '../../dist/test')
const ip = (...words: string[]): void => void execFileSync('ip', words)
const children: ChildProcess[] = []
let control: ControlProcess
let client: BootClient

beforeAll(async () => {
  for (const name of [appliance, elsewhere]) { ip('netns', 'add', name); ip('-n', name, 'link', 'set', 'lo', 'up') }
  ip('-n', appliance, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'wire0')
  ip('-n', appliance, 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth0', 'address', mac, 'netns', elsewhere)
  for (const [where, card] of [[appliance, 'eth0'], [appliance, 'wire0'], [appliance, 'eth1'], [elsewhere, 'eth0']] as const) {
    ip('-n', where, 'link', 'set', card, 'up')
    execFileSync('ip', ['netns', 'exec', where, 'ethtool', '-K', card, 'tx', 'off'], { stdio: 'ignore' })
  }
  for (const [address, card] of [['10.77.0.1/24', 'eth0'], ['10.99.0.1/24', 'eth1']] as const) ip('-n', appliance, 'address', 'add', address, 'broadcast', '+', 'dev', card)
  control = await ControlProcess.make({ namespace: appliance, interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24' })
  installBuild(control.home, 'ramdisk', { vmlinuz: 100_000, 'initrd.img': 100_000 })
  await bundle({ 'machine-main': 'test/sim/machine-main.ts' }, programs)
  await control.start()
  client = openClient({ space: elsewhere, mac, uuid: '5c10ad00-0000-4000-8000-000000990001', folder: control.home, machinePort: control.machinePort, applianceAddress: '10.99.0.1' })
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await control?.remove()
  for (const name of [appliance, elsewhere]) ip('netns', 'delete', name)
})

const api = async <T>(method: string, route: string, body?: unknown): Promise<T> => {
  const { status, value } = await control.api(method, route, body)
  if (status >= 400) throw new Error((value as { detail: string }).detail)
  return value as T
}
const health = async (): Promise<{ ok: boolean; detail: string }> => (await control.api('GET', '/healthz')).value as { ok: boolean; detail: string }
const start = (where: string, ...argv: string[]): ChildProcess => {
  const child = spawn('ip', ['netns', 'exec', where, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}
/** What curl says of the machines' API at an address: an HTTP status where the certificate is of the appliance's CA and names the address, else why not. */
const tls = (where: string, address: string): string => {
  const ask = ['curl', '-sS', '--max-time', '10', '--cacert', path.join(control.home, 'data/state/ca/ca.pem'), '-o', '/dev/null', '-w', '%{http_code}', `https://${address}:${control.machinePort}/agent/target`]
  try {
    return execFileSync('ip', ['netns', 'exec', where, ...ask], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
}
const names = (): string => execFileSync('ip', ['netns', 'exec', appliance, 'sh', '-c', `openssl s_client -connect 10.77.0.1:${control.machinePort} </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`], { encoding: 'utf8' })

interface Found { id: string; level: string; text: string }
/** What `systemcloud doctor` finds of the provisioning networks on the appliance's host. */
const doctor = (): Promise<Found | undefined> => new Promise((resolve, reject) => {
  writeFileSync(path.join(control.home, 'run/appliance.json'), JSON.stringify({ socket: path.join(control.home, 'run/operator.sock'), url: 'https://127.0.0.1:1', dataDir: path.join(control.home, 'data') }))
  const env = { ...process.env, SYSTEM_CLOUD_RUN: path.join(control.home, 'run'), SYSTEM_CLOUD_TLS_PORT: String(control.machinePort) }
  execFile('ip', ['netns', 'exec', appliance, process.execPath, '--import', 'tsx', 'apps/cli/main.ts', 'doctor', '--json'], { cwd: path.join(import.meta.dirname, '../..'), env }, (_, stdout, stderr) => {
    if (stdout === '') reject(new Error(stderr))
    else resolve((JSON.parse(stdout) as Found[]).find(({ id }) => id === 'networks'))
  })
})

/** Where name servers are told that the appliance is. */
const appliances = (): string[] => [...readFileSync(path.join(control.home, 'run/hosts.d/machines'), 'utf8').matchAll(/^(\S+) appliance$/gm)].map(([, address = '']) => address)

it('is served over TLS once it is added, without a restart, and where its port is taken, as soon as it is free; both are said', async () => {
  expect(tls(appliance, '10.77.0.1')).toBe('401')
  expect(tls(appliance, '10.99.0.1')).toContain('Failed to connect')
  const taker = start(appliance, 'socat', '-u', `TCP4-LISTEN:${control.machinePort},bind=10.99.0.1,fork`, 'OPEN:/dev/null')
  await vi.waitUntil(() => !tls(appliance, '10.99.0.1').includes('Failed to connect'), { timeout: 10_000 })
  await api('POST', 'networks', { cidr: '10.99.0.0/24', interface: 'eth1', id: 'second', gateway: '' })
  const sentence = `Machines of 10.99.0.0/24 cannot be discovered or deployed, because they find no TLS at 10.99.0.1, port ${control.machinePort}. It is tried again every ten seconds`
  await vi.waitUntil(async () => (await health()).detail.includes(sentence), { timeout: 30_000, interval: 200 })
  expect(await health()).toMatchObject({ ok: true })
  expect((await api<{ warnings: string[] }>('GET', 'status')).warnings.join(' ')).toContain(sentence)
  expect(await doctor()).toMatchObject({ level: 'fail', text: expect.stringContaining('its certificate there: none within 3 s') as string })
  taker.kill('SIGKILL')
  await vi.waitUntil(() => tls(appliance, '10.99.0.1') === '401', { timeout: 30_000, interval: 200 })
  await vi.waitUntil(async () => (await health()).detail === 'running', { timeout: 30_000, interval: 200 })
  expect(tls(appliance, '10.77.0.1')).toBe('401')
  expect(await doctor()).toMatchObject({ level: 'ok', text: 'served at 10.77.0.1 on eth0 and 10.99.0.1 on eth1' })
  expect(names()).toContain('DNS:localhost, IP Address:127.0.0.1, IP Address:10.77.0.1, IP Address:10.99.0.1')
  expect(appliances()).toEqual(['10.77.0.1', '10.99.0.1'])
})

it('boots a machine that has no route to the first network, up to a deployed one: all of it at the address of its own', async () => {
  expect(await client.lease('ipxe')).toBe(true)
  expect((await client.run(['ip', 'route', 'get', '10.77.0.1'])).output).toContain('unreachable')
  const script = (await client.run(['curl', '-sS', `http://10.99.0.1/boot/${mac.replaceAll(':', '-')}?uuid=${client.uuid}&platform=efi&arch=x86_64&serial=1`])).output
  expect(script).toContain('kernel http://10.99.0.1/files/vmlinuz')
  await client.fetch()
  // What images/ramdisk/lib/network.sh makes of the kernel's command line.
  const told = (word: string): string | undefined => new RegExp(` sc\\.${word}=(\\S+)`).exec(script)?.[1]
  const url = told('tls') ?? `https://${new URL(told('url') ?? '').hostname}:${control.machinePort}`
  expect(url).toBe(`https://10.99.0.1:${control.machinePort}`)

  const address = /inet (10\.99\.0\.\d+)/.exec((await client.run(['ip', '-4', 'address', 'show', 'dev', 'eth0'])).output)?.[1] ?? ''
  const machine = start(elsewhere, process.execPath, path.join(programs, 'machine-main.mjs'), JSON.stringify({ mac, uuid: client.uuid, serial: 'SECOND', address, url, ca: control.ca }))
  let log = ''
  machine.stdout?.on('data', (bytes: Buffer) => { log += bytes.toString() })
  await control.until(mac, (m) => m.phase === 'discovered')
  await api<Machine>('PUT', `machines/${mac}/role`, { role: 'manager' })
  await control.until(mac, (m) => m.phase === 'ready', 60_000)
  expect(log).toContain(`agent of https://10.99.0.1:${control.machinePort}\nenrolled\n`)
})

it('is served after a kill too, and where its card has lost the address, as soon as that is back; the first one’s TLS goes on', async () => {
  await control.restart()
  await vi.waitUntil(() => tls(elsewhere, '10.99.0.1') === '401', { timeout: 30_000, interval: 200 })
  ip('-n', appliance, 'address', 'delete', '10.99.0.1/24', 'dev', 'eth1')
  await control.restart()
  expect(tls(appliance, '10.77.0.1')).toBe('401')
  expect((await health()).detail).toContain('they find no TLS at 10.99.0.1')
  expect(await doctor()).toMatchObject({ level: 'fail', text: expect.stringContaining('10.99.0.0/24: eth1 does not have the address 10.99.0.1; nobody listens at 10.99.0.1 on udp 69 (TFTP), udp 514 (syslog), udp 6666 (netconsole), tcp 80 (boot files), tcp') as string })
  ip('-n', appliance, 'address', 'add', '10.99.0.1/24', 'broadcast', '+', 'dev', 'eth1')
  await vi.waitUntil(async () => (await health()).detail === 'running', { timeout: 60_000, interval: 200 })
  await control.until(mac, (m) => m.phase === 'ready', 60_000)
  expect(tls(elsewhere, '10.99.0.1')).toBe('401')
})

it('is served no more once it is removed: its address leaves the certificate, and the first network stays as it is. Whom that cuts off is said before and after', async () => {
  const { id, name } = await api<Machine>('GET', `machines/${mac}`)
  await expect(api('DELETE', 'networks/second')).rejects.toThrow(`${name} would be cut off: its agent asks the appliance at 10.99.0.1 and nowhere else`)
  expect(tls(elsewhere, '10.99.0.1')).toBe('401')
  expect(await api('DELETE', 'networks/second?force=true')).toEqual({ cutOff: [{ machineId: id, name }] })
  const { events } = await api<{ events: { kind: string; text: string }[] }>('GET', `machines/${id}/events?after=0&limit=1000`)
  expect(events.find(({ kind }) => kind === 'network.cutOff')?.text).toContain('its agent asks the appliance at 10.99.0.1, where it is served no more')
  await vi.waitUntil(() => tls(elsewhere, '10.99.0.1').includes('Failed to connect'), { timeout: 30_000, interval: 200 })
  await vi.waitUntil(() => !names().includes('10.99.0.1'), { timeout: 30_000, interval: 200 })
  expect(appliances()).toEqual(['10.77.0.1'])
  expect(tls(appliance, '10.77.0.1')).toBe('401')
})
