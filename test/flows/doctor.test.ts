import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../..')
const [here, there] = [`sc-doc-${process.pid}`, `sc-dot-${process.pid}`]
const ip = (...words: string[]): void => void execFileSync('ip', words)
const folder = mkdtempSync(path.join(tmpdir(), 'sc-doctor-'))

interface Found { id: string; level: 'ok' | 'warn' | 'fail'; text: string; todo: string }

/**
 * Runs `systemcloud doctor` in a namespace of its own, after `faults` (shell words of ours) have made the host ill: mounts of its own hide
 * what is well.
 */
function doctor(faults: readonly string[] = [], words: readonly string[] = []): Promise<{ code: number; found: Map<string, Found> }> {
  const program = ['ip', 'netns', 'exec', here, 'unshare', '--mount', 'sh', '-ec', [...faults, 'exec "$@"'].join('\n'), 'sh', process.execPath, '--import', 'tsx', path.join(root, 'apps/cli/main.ts'), 'doctor', '--json', ...words]
  return new Promise((resolve, reject) => {
    execFile(program[0] as string, program.slice(1), { cwd: root, env: { ...process.env, SYSTEM_CLOUD_DATA: path.join(folder, 'data'), SYSTEM_CLOUD_RUN: path.join(folder, 'run') } }, (error, stdout, stderr) => {
      try {
        resolve({ code: Number(error?.code ?? 0), found: new Map((JSON.parse(stdout) as Found[]).map((one) => [one.id, one])) })
      } catch (cause) {
        reject(new Error(stderr, { cause }))
      }
    })
  })
}

describe('systemcloud doctor on an ill host', () => {
  const children: ChildProcess[] = []
  /** Starts a program that is ended with the tests, and waits for a word of it. */
  const start = (space: string, word: string, ...words: string[]): Promise<void> => new Promise((resolve) => {
    const child = spawn('ip', ['netns', 'exec', space, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(child)
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => { if (text.includes(word)) resolve() })
  })

  beforeAll(() => {
    for (const name of [here, there]) ip('netns', 'add', name)
    ip('-n', here, 'link', 'add', 'c0', 'type', 'veth', 'peer', 'name', 'c1', 'netns', there)
    ip('-n', here, 'link', 'set', 'c0', 'up')
    ip('-n', there, 'link', 'set', 'c1', 'up')
    ip('-n', there, 'address', 'add', '10.6.0.1/24', 'dev', 'c1')
    mkdirSync(path.join(folder, 'data'))
    mkdirSync(path.join(folder, 'empty'))
  })
  afterAll(async () => {
    for (const child of children) {
      const ended = new Promise((resolve) => { child.once('exit', resolve) })
      child.kill('SIGKILL')
      await ended
    }
    for (const name of [here, there]) ip('netns', 'delete', name)
    rmSync(folder, { recursive: true, force: true })
  })

  it('finds nothing wrong with the card, the ports and the rights of a well one', async () => {
    const { found } = await doctor([], ['--interface', 'c0'])
    expect(found.get('other-dhcp')).toMatchObject({ level: 'ok', text: 'nobody answered on c0 in 5 s' })
    expect(found.get('ports')).toMatchObject({ level: 'ok', text: 'all free' })
    expect(found.get('root')).toMatchObject({ level: 'ok' })
    expect(found.get('node')).toMatchObject({ level: 'ok' })
    expect([...found.values()].every((one) => (one.todo === '') === (one.level === 'ok'))).toBe(true)
  })

  it('names who has a port, and the other DHCP server', async () => {
    await start(here, 'bound', process.execPath, '-e', "require('node:dgram').createSocket('udp4').bind(69, () => console.log('bound'))")
    await start(there, 'DHCP, IP range', 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=c1', '--bind-interfaces', '--dhcp-range=10.6.0.50,10.6.0.60', '--no-ping', '--user=root', '--pid-file', '--dhcp-leasefile=/dev/null', '--log-facility=-')
    const { code, found } = await doctor([], ['--interface', 'c0'])
    expect(code).toBe(1)
    expect(found.get('ports')).toMatchObject({ level: 'fail' })
    expect(found.get('ports')?.text).toMatch(/^taken: udp 69 \(TFTP\) by node \(\d+\)$/)
    expect(found.get('other-dhcp')).toMatchObject({ level: 'fail', text: '10.6.0.1 answers on c0' })
    expect((await doctor([], ['--interface', 'c9'])).found.get('other-dhcp')).toMatchObject({ level: 'fail', text: 'there is no network card c9' })
    expect((await doctor()).found.get('ports')).toMatchObject({ level: 'warn', todo: 'no matter for a lab; on a real card stop them first' })
  })

  it('sees a full disk, little memory, another system and a host without a mirror', async () => {
    writeFileSync(path.join(folder, 'meminfo'), 'MemTotal: 900000 kB\nMemAvailable:   700000 kB\n')
    writeFileSync(path.join(folder, 'os-release'), 'PRETTY_NAME="Other Linux 1"\nID=other\nVERSION_ID="1"\n')
    const { code, found } = await doctor([
      `mount -t tmpfs -o size=64m none ${folder}/data`, `mount --bind ${folder}/meminfo /proc/meminfo`, `mount --bind ${folder}/os-release "$(readlink -f /etc/os-release)"`, `mount --bind ${folder}/empty /etc/apt`,
    ])
    expect(code).toBe(1)
    expect(found.get('disk-space')).toMatchObject({ level: 'fail', todo: expect.stringContaining('free at least 8 GB') as string })
    expect(found.get('memory')).toMatchObject({ level: 'fail', todo: 'the appliance needs 1 GB' })
    expect(found.get('system')).toMatchObject({ level: 'fail', text: 'Other Linux 1' })
    expect(found.get('apt-mirror')).toMatchObject({ level: 'fail', text: 'apt knows no mirror' })
  })

  it('tries a guest before it calls KVM usable', async () => {
    expect((await doctor(['mount -t tmpfs none /dev', 'mknod /dev/null c 1 3', 'mknod /dev/urandom c 1 9'])).found.get('kvm')).toMatchObject({ level: 'warn', text: expect.stringContaining('no /dev/kvm') as string })
    // A device that opens and does nothing, beside a kernel to try it with.
    const build = path.join(folder, 'data/images/ramdisk-0123456789abcdef')
    mkdirSync(build, { recursive: true })
    writeFileSync(path.join(build, 'vmlinuz'), 'no kernel')
    const dumb = ['mount -t tmpfs none /dev', 'mknod /dev/null c 1 3', 'mknod /dev/urandom c 1 9', 'mknod /dev/kvm c 1 3']
    expect((await doctor(dumb)).found.get('kvm')).toMatchObject({ level: 'warn', text: expect.stringContaining('printed nothing') as string })
    rmSync(build, { recursive: true })
    expect((await doctor(dumb)).found.get('kvm')).toMatchObject({ level: 'ok', text: expect.stringContaining('not proven') as string })
  })

  it('says what it cannot see without root', async () => {
    const { found } = await doctor(['set -- setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"'])
    expect(found.get('root')).toMatchObject({ level: 'fail', text: 'not root' })
  })
})
