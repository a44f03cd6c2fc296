import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../..')
const ip = (...words: string[]): void => void execFileSync('ip', words)

/** A namespace of the appliance with the card c0, and one of a neighbour with c1 at the other end of the cable. */
interface Cable { readonly app: string; readonly other: string; /** Ends the program with the cable. */ keep<C extends ChildProcess>(child: C): C }

let made = 0
/** A test with a cable of its own: the tests listen for seconds, so they do it side by side. */
const on = (test: (cable: Cable) => Promise<void>) => async (): Promise<void> => {
  made += 1
  const [app, other] = [`sc-ifa${made}-${process.pid}`, `sc-ifo${made}-${process.pid}`]
  const children: ChildProcess[] = []
  for (const name of [app, other]) ip('netns', 'add', name)
  try {
    ip('-n', app, 'link', 'add', 'c0', 'type', 'veth', 'peer', 'name', 'c1', 'netns', other)
    ip('-n', other, 'link', 'set', 'c1', 'up')
    await test({ app, other, keep(child) { children.push(child); return child } })
  } finally {
    for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      const ended = new Promise((resolve) => { child.once('exit', resolve) })
      child.kill('SIGKILL')
      await ended
    }
    for (const name of [app, other]) ip('netns', 'delete', name)
  }
}

/** What the appliance makes of its card in a namespace of its own, with a real neighbour at the other end of the cable. */
async function stand({ app }: Cable, card: string, subnet: string, mode = 'full'): Promise<{ standing: unknown; said: string[] }> {
  const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', app, process.execPath, '--import', 'tsx', path.join(root, 'test/sim/stand-on.ts'), card, subnet, mode], { cwd: root })
  return JSON.parse(stdout) as { standing: unknown; said: string[] }
}

/** A DHCP server of somebody else's at the other end, answering once this resolves. */
async function startDnsmasq({ other, keep }: Cable): Promise<void> {
  ip('-n', other, 'address', 'add', '10.5.0.1/24', 'dev', 'c1')
  const server = keep(spawn('ip', ['netns', 'exec', other, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--interface=c1', '--bind-interfaces', '--dhcp-range=10.5.0.50,10.5.0.60', '--no-ping', '--user=root', '--pid-file', '--dhcp-leasefile=/dev/null', '--log-facility=-'], { stdio: ['ignore', 'ignore', 'pipe'] }))
  await new Promise<void>((resolve) => { server.stderr.on('data', (text: Buffer) => { if (text.includes('DHCP, IP range')) resolve() }) })
}

describe('scripts/up on a real card', () => {
  it.concurrent('says which cards there are, that a card is off, and that it has no address', on(async (cable) => {
    expect((await stand(cable, 'eth9', '')).standing).toBe('there is no network card eth9: this machine has c0')
    expect((await stand(cable, 'c0', '')).standing).toContain('c0 is switched off: switch it on (ip link set c0 up)')
    ip('-n', cable.app, 'link', 'set', 'c0', 'up')
    expect((await stand(cable, 'c0', '')).standing).toBe('c0: it has no IPv4 address: give one with --subnet, e.g. --subnet 10.77.0.0/24')
    expect((await stand(cable, 'lo', '')).standing).toContain('not an Ethernet card')
  }))

  it.concurrent('switches a bare card on and gives it the subnet’s first address', on(async (cable) => {
    expect((await stand(cable, 'c0', '10.5.0.0/24')).standing).toEqual({ interface: 'c0', address: '10.5.0.1', cidr: '10.5.0.0/24' })
    const [card] = JSON.parse(execFileSync('ip', ['-n', cable.app, '-json', 'address', 'show', 'dev', 'c0']).toString()) as [{ flags: string[]; addr_info: { local: string; broadcast?: string }[] }]
    expect(card.flags).toContain('UP')
    expect(card.addr_info.find((one) => one.local === '10.5.0.1')?.broadcast).toBe('10.5.0.255')
  }))

  it.concurrent('takes no address that somebody on the wire has', on(async (cable) => {
    ip('-n', cable.other, 'address', 'add', '10.5.0.1/24', 'dev', 'c1')
    expect((await stand(cable, 'c0', '10.5.0.0/24')).standing).toContain('another machine on this wire has 10.5.0.1 already')
  }))

  it.concurrent('is no second DHCP server, and stands beside the first one in proxy mode', on(async (cable) => {
    await startDnsmasq(cable)
    ip('-n', cable.app, 'address', 'add', '10.5.0.9/24', 'dev', 'c0')
    ip('-n', cable.app, 'link', 'set', 'c0', 'up')
    expect((await stand(cable, 'c0', '')).standing).toBe('10.5.0.1 gives addresses on c0 already, and two servers make a network of chance: start beside it (--mode proxy), or switch that server off')
    expect(await stand(cable, 'c0', '10.5.0.0/24', 'proxy')).toEqual({ standing: { interface: 'c0', address: '10.5.0.9', cidr: '10.5.0.0/24' }, said: ['looking for other DHCP servers on c0'] })
  }))

  it.concurrent('says in proxy mode that nobody gives addresses', on(async (cable) => {
    expect((await stand(cable, 'c0', '10.5.0.0/24', 'proxy')).standing).toContain('no address in 10.5.0.0/24')
    ip('-n', cable.app, 'address', 'add', '10.5.0.9/24', 'dev', 'c0')
    ip('-n', cable.app, 'link', 'set', 'c0', 'up')
    expect((await stand(cable, 'c0', '', 'proxy')).said.at(-1)).toContain('nobody gives addresses on c0')
  }))

  it.concurrent('goes on where a DHCP client has the port, and says that it could not look', on(async (cable) => {
    ip('-n', cable.app, 'address', 'add', '10.5.0.9/24', 'dev', 'c0')
    ip('-n', cable.app, 'link', 'set', 'c0', 'up')
    const client = cable.keep(spawn('ip', ['netns', 'exec', cable.app, process.execPath, '-e', "require('node:dgram').createSocket('udp4').bind(68, () => console.log('bound'))"], { stdio: ['ignore', 'pipe', 'inherit'] }))
    await new Promise((resolve) => { client.stdout.once('data', resolve) })
    expect((await stand(cable, 'c0', '')).said.at(-1)).toContain('could not be looked for: bind to 0.0.0.0:68 on c0: another program has this port')
  }))
})
