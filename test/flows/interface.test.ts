import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../..')
const [app, other] = [`sc-ifa-${process.pid}`, `sc-ifo-${process.pid}`]
const ip = (...words: string[]): void => void execFileSync('ip', words)

/** What the appliance makes of its card in a namespace of its own, with a real neighbour at the other end of the cable. */
async function stand(card: string, subnet: string, mode = 'full'): Promise<{ standing: unknown; said: string[] }> {
  const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', app, process.execPath, '--import', 'tsx', path.join(root, 'test/sim/stand-on.ts'), card, subnet, mode], { cwd: root })
  return JSON.parse(stdout) as { standing: unknown; said: string[] }
}

/** A DHCP server of somebody else's at the other end, answering once this resolves. */
async function startDnsmasq(): Promise<ChildProcess> {
  ip('-n', other, 'address', 'add', '10.5.0.1/24', 'dev', 'c1')
  const server = spawn('ip', ['netns', 'exec', other, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=c1', '--bind-interfaces', '--dhcp-range=10.5.0.50,10.5.0.60', '--no-ping', '--user=root', '--pid-file', '--dhcp-leasefile=/dev/null', '--log-facility=-'], { stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise<void>((resolve) => { server.stderr?.on('data', (text: Buffer) => { if (text.includes('DHCP, IP range')) resolve() }) })
  return server
}

describe('scripts/up on a real card', () => {
  let server: ChildProcess | undefined
  beforeEach(() => {
    for (const name of [app, other]) ip('netns', 'add', name)
    ip('-n', app, 'link', 'add', 'c0', 'type', 'veth', 'peer', 'name', 'c1', 'netns', other)
    ip('-n', other, 'link', 'set', 'c1', 'up')
  })
  afterEach(async () => {
    if (server !== undefined) {
      const ended = new Promise((resolve) => { server?.once('exit', resolve) })
      server.kill('SIGKILL')
      await ended
      server = undefined
    }
    for (const name of [app, other]) ip('netns', 'delete', name)
  })

  it('says which cards there are, that a card is off, and that it has no address', async () => {
    expect((await stand('eth9', '')).standing).toBe('there is no network card eth9: this machine has c0')
    expect((await stand('c0', '')).standing).toContain('c0 is switched off: switch it on (ip link set c0 up)')
    ip('-n', app, 'link', 'set', 'c0', 'up')
    expect((await stand('c0', '')).standing).toBe('c0: it has no IPv4 address: give one with --subnet, e.g. --subnet 10.77.0.0/24')
    expect((await stand('lo', '')).standing).toContain('not an Ethernet card')
  })

  it('switches a bare card on and gives it the subnet’s first address', async () => {
    expect((await stand('c0', '10.5.0.0/24')).standing).toEqual({ interface: 'c0', address: '10.5.0.1', cidr: '10.5.0.0/24' })
    const [card] = JSON.parse(execFileSync('ip', ['-n', app, '-json', 'address', 'show', 'dev', 'c0']).toString()) as [{ flags: string[]; addr_info: { local: string; broadcast?: string }[] }]
    expect(card.flags).toContain('UP')
    expect(card.addr_info.find((one) => one.local === '10.5.0.1')?.broadcast).toBe('10.5.0.255')
  })

  it('takes no address that somebody on the wire has', async () => {
    ip('-n', other, 'address', 'add', '10.5.0.1/24', 'dev', 'c1')
    expect((await stand('c0', '10.5.0.0/24')).standing).toContain('another machine on this wire has 10.5.0.1 already')
  })

  it('is no second DHCP server, and stands beside the first one in proxy mode', async () => {
    server = await startDnsmasq()
    ip('-n', app, 'address', 'add', '10.5.0.9/24', 'dev', 'c0')
    ip('-n', app, 'link', 'set', 'c0', 'up')
    expect((await stand('c0', '')).standing).toBe('10.5.0.1 gives addresses on c0 already, and two servers make a network of chance: start beside it (--mode proxy), or switch that server off')
    expect(await stand('c0', '10.5.0.0/24', 'proxy')).toEqual({ standing: { interface: 'c0', address: '10.5.0.9', cidr: '10.5.0.0/24' }, said: ['looking for other DHCP servers on c0'] })
  })

  it('says in proxy mode that nobody gives addresses', async () => {
    expect((await stand('c0', '10.5.0.0/24', 'proxy')).standing).toContain('no address in 10.5.0.0/24')
    ip('-n', app, 'address', 'add', '10.5.0.9/24', 'dev', 'c0')
    ip('-n', app, 'link', 'set', 'c0', 'up')
    expect((await stand('c0', '', 'proxy')).said.at(-1)).toContain('nobody gives addresses on c0')
  })

  it('goes on where a DHCP client has the port, and says that it could not look', async () => {
    ip('-n', app, 'address', 'add', '10.5.0.9/24', 'dev', 'c0')
    ip('-n', app, 'link', 'set', 'c0', 'up')
    const client = spawn('ip', ['netns', 'exec', app, process.execPath, '-e', "require('node:dgram').createSocket('udp4').bind(68, () => console.log('bound'))"], { stdio: ['ignore', 'pipe', 'inherit'] })
    server = client
    await new Promise((resolve) => { client.stdout.once('data', resolve) })
    expect((await stand('c0', '')).said.at(-1)).toContain('could not be looked for: bind to 0.0.0.0:68 on c0: another program has this port')
  })
})
