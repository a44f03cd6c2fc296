import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '#cli/run'
import type { Terminal } from '#cli/terminal'
import type { BootPath } from '#contract/blackbox-api'
import { nextEntryFile } from '#netboot/site'
import { ControlProcess } from '../sim/control-process.ts'

const [server, clients] = [`sc-bps-${process.pid}`, `sc-bpc-${process.pid}`]
const mac = '52:54:00:77:00:20'
const loader = randomBytes(300_000)
const ip = (...words: string[]): void => void execFileSync('ip', words)
let control: ControlProcess

beforeAll(async () => {
  for (const name of [server, clients]) ip('netns', 'add', name)
  ip('-n', server, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', clients)
  ip('-n', clients, 'link', 'set', 'eth0', 'address', mac)
  for (const name of [server, clients]) { ip('-n', name, 'link', 'set', 'lo', 'up'); ip('-n', name, 'link', 'set', 'eth0', 'up') }
  ip('-n', server, 'address', 'add', '10.77.0.1/24', 'dev', 'eth0')
  execFileSync('ip', ['netns', 'exec', server, 'ethtool', '-K', 'eth0', 'tx', 'off'], { stdio: 'ignore' })
  control = await ControlProcess.make({ namespace: server, interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24' })
  addFiles('loaders', { 'snponly.efi': loader })
  addFiles('ramdisk', { 'vmlinuz': Buffer.from('kernel'), 'initrd.img': Buffer.from('ramdisk') })
  await control.start()
})
afterAll(async () => {
  await control?.remove()
  for (const name of [server, clients]) ip('netns', 'delete', name)
})

/** Puts finished builds where the appliance looks for them. */
function addFiles(id: string, files: Record<string, Buffer>): void {
  const folder = path.join(control.home, `data/images/${id}-0123456789abcdef`)
  mkdirSync(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(folder, name), bytes)
  writeFileSync(path.join(folder, 'files.json'), JSON.stringify({ id, hash: '0123456789abcdef', builtAt: '2026-01-01T00:00:00Z', files: Object.entries(files).map(([name, bytes]) => ({ name, path: name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })) }))
}

const client = async (...argv: string[]): Promise<string> => {
  const { stdout, stderr } = await promisify(execFile)('ip', ['netns', 'exec', clients, 'timeout', '20', ...argv], { cwd: control.home })
  return stdout + stderr
}

/** dhclient, saying what UEFI firmware says, until its script has ended it: the address it got, and what it is to boot (empty: nothing). */
async function ask(as: 'HTTPClient' | 'PXEClient'): Promise<{ address: string; file: string }> {
  const [script, conf, env, leases] = ['script', 'conf', 'env', 'leases'].map((name) => path.join(control.home, `dhclient.${name}`)) as [string, string, string, string]
  writeFileSync(script, `#!/bin/sh\nenv | grep ^new_ >>${env} && kill $PPID\nexit 0\n`)
  chmodSync(script, 0o755)
  const type = as === 'HTTPClient' ? 16 : 7
  writeFileSync(conf, `option arch code 93 = unsigned integer 16;\ntimeout 10;\nsend vendor-class-identifier "${as}:Arch:000${String(type).padStart(2, '0')}:UNDI:003000";\nsend arch ${type};\nrequest subnet-mask, routers, tftp-server-name, bootfile-name;\n`)
  for (const old of [env, leases]) if (existsSync(old)) rmSync(old)
  await client('dhclient', '-4', '-1', '-d', '-sf', script, '-cf', conf, '-lf', leases, '-pf', `${leases}.pid`, 'eth0').catch((error: unknown) => { if (!existsSync(env)) throw error })
  const told = readFileSync(env, 'utf8')
  return { address: /^new_ip_address=(.*)$/m.exec(told)?.[1] ?? '', file: /^new_filename=(.*)$/m.exec(told)?.[1] ?? '' }
}

/** The window that atftp is granted when it asks for 16 blocks, by its own trace; it must have got the file whole. */
async function grantedWindow(): Promise<string> {
  const trace = await client('atftp', '--trace', '--option', 'blksize 1400', '--option', 'windowsize 16', '-g', '-r', 'snponly.efi', '-l', path.join(control.home, 'got'), '10.77.0.1')
  expect(readFileSync(path.join(control.home, 'got')).equals(loader)).toBe(true)
  return /received OACK.*windowsize: (\d+)/.exec(trace)?.[1] ?? trace
}

const paths = async (): Promise<BootPath[]> => (await control.api('GET', 'boot-paths')).value as BootPath[]
const choose = async (patch: object): Promise<{ status: number; value: unknown }> => control.api('PUT', `boot-paths/${(await paths())[0]?.id}`, patch)

/** The command line against this appliance: its exit code and what it said. */
async function cli(...words: string[]): Promise<{ code: number; said: string }> {
  writeFileSync(path.join(control.home, 'run/appliance.json'), JSON.stringify({ socket: path.join(control.home, 'run/operator.sock'), url: 'https://127.0.0.1:1', dataDir: control.home }))
  let said = ''
  const terminal: Terminal = {
    out: (text) => { said += text }, err: (text) => { said += text }, outIsTty: false, errIsTty: false, inIsTty: false, env: { SYSTEM_CLOUD_RUN: path.join(control.home, 'run'), HOME: control.home }, isRoot: true, now: () => Date.now(),
    ask: async () => undefined, readAll: async () => '', interrupted: new AbortController().signal,
  }
  return { code: await run(words, terminal), said }
}

describe('the boot path of a kind of hardware', () => {
  it('is as the firmware asks, until somebody says otherwise', async () => {
    expect(await ask('HTTPClient')).toMatchObject({ file: 'http://10.77.0.1/files/snponly.efi' })
    const { address, file } = await ask('PXEClient')
    expect(file).toBe('snponly.efi')
    ip('-n', clients, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    const facts = ['firmware\tuefi', 'secureboot\t0', 'kernel\t6', 'cpu.model\tX', 'cpu.count\t1', 'cpu.arch\tx86_64', 'mem.kb\t2000000', `bootif\t${mac}`, 'dmi.sys_vendor\tFlow', 'dmi.product_name\tBoard 1', 'disk\tvda', 'disk.size\t41943040', 'disk.serial\tS1', 'nic\teth0', `nic.mac\t${mac}`, ''].join('\n')
    const posted = await client('curl', '-sSk', '-o', '/dev/null', '-w', '%{http_code}', '-X', 'POST', '-H', `Authorization: Bearer ${'ab'.repeat(32)}`, '--data-binary', facts, `https://10.77.0.1:${control.machinePort}/ramdisk/${mac}/facts`)
    expect(posted).toBe('204')
    const [kind] = await vi.waitFor(async () => { const known = await paths(); expect(known).toHaveLength(1); return known }, { timeout: 20_000, interval: 200 })
    expect(kind).toMatchObject({ manufacturer: 'Flow', product: 'Board 1', firmware: 'uefi', loader: { wished: 'auto', source: 'usual' }, window: { wished: null, used: null, source: 'usual' } })
    expect(await grantedWindow()).toBe('16')
  })

  it('grants no larger TFTP window than was chosen', async () => {
    expect((await choose({ window: 4 })).value).toMatchObject({ window: { wished: 4, used: 4, source: 'person', why: 'root chose it.' } })
    expect(await grantedWindow()).toBe('4')
    expect((await choose({ window: 1 })).status).toBe(200)
    expect(await grantedWindow()).toBe('1')
  })

  it('sends HTTP Boot on to the next boot entry where TFTP was chosen, and PXE where HTTP Boot was, over a restart too', async () => {
    expect((await choose({ loader: 'tftp' })).status).toBe(200)
    expect(await ask('HTTPClient')).toEqual({ address: expect.stringMatching(/^10\.77\.0\./) as string, file: `http://10.77.0.1/files/${nextEntryFile}` })
    expect(await client('curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', `http://10.77.0.1/files/${nextEntryFile}`)).toBe('404')
    expect((await ask('PXEClient')).file).toBe('snponly.efi')
    expect((await choose({ loader: 'http' })).status).toBe(200)
    await control.restart()
    expect((await ask('PXEClient')).file).toBe(nextEntryFile)
    expect(await client('tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', nextEntryFile, 'nothing')).toContain('no such file')
    expect((await ask('HTTPClient')).file).toBe('http://10.77.0.1/files/snponly.efi')
  })

  it.each([[{}], [{ window: 0 }], [{ window: 65 }], [{ window: 1.5 }], [{ window: '4' }], [{ loader: 'ftp' }], [{ disk: 'floppy' }], [{ wished: 'grub' }]])('refuses %j', async (patch) => {
    expect((await choose(patch)).status).toBe(400)
  })

  it('is shown, set and taken back on the command line', async () => {
    const id = (await paths())[0]?.id ?? ''
    expect((await cli('boot-paths', 'set', id, '--loader', 'tftp', '--window', '2', '--disk', 'exit')).code).toBe(0)
    expect((await cli('boot-paths')).said).toMatch(/loader +tftp +chosen .*\n *TFTP window +at most 2 +chosen .*\n *disk +exit +chosen /)
    expect([(await cli('boot-paths', 'set', id, '--window', '65')).code, (await cli('boot-paths', 'set', id)).code, (await cli('boot-paths', 'set', 'nothing', '--disk', 'grub')).code, (await cli('boot-paths', 'set', id, '--disk', 'sanboot')).code]).toEqual([2, 2, 1, 1])
    expect((await cli('boot-paths', 'reset', id)).code).toBe(0)
    expect((await paths())[0]).toMatchObject({ loader: { wished: 'auto', chosenBy: null }, window: { used: null }, disk: { wished: 'auto' } })
    expect([(await ask('HTTPClient')).file, (await ask('PXEClient')).file, await grantedWindow()]).toEqual(['http://10.77.0.1/files/snponly.efi', 'snponly.efi', '16'])
  })
})
