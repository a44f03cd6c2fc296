import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'
import { testNetwork } from '../sim/memory-site.ts'

const dnsmasq = '/usr/sbin/dnsmasq'
const mac = '52:54:00:0a:0b:21'
const other = '52:54:00:0a:0b:22'
const view = { id: 'm1', hostname: 'node1', decision: 'ramdisk', address: null } as const

/** One wire (a bridge) with netboot in mode proxy, a dnsmasq that gives the addresses, and a machine in a namespace of its own. */
describe('beside another DHCP server', () => {
  let world: NetbootWorld
  let server: ChildProcess
  const space = `sc-nbp-${process.pid}`
  const machine = async (...argv: string[]): Promise<{ code: number | null; output: string }> => world.client(['ip', 'netns', 'exec', space, ...argv])
  const get = (name: string): Promise<{ output: string }> => machine('tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', name, path.join(world.folder, 'got'))

  beforeAll(async () => {
    if (!existsSync(dnsmasq)) throw new Error(`there is no ${dnsmasq}: install dnsmasq-base`)
    world = await openNetbootWorld({ network: { mode: 'proxy' }, files: { 'snponly.efi': import.meta.filename } })
    const ip = (...argv: string[]): void => { execFileSync('ip', argv) }
    const inClients = (...argv: string[]): void => ip('-n', world.clientSpace, ...argv)
    ip('netns', 'add', space)
    inClients('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    inClients('link', 'add', 'port0', 'type', 'veth', 'peer', 'name', 'eth0', 'address', mac, 'netns', space)
    inClients('addr', 'flush', 'dev', 'eth0')
    for (const port of ['eth0', 'port0']) inClients('link', 'set', port, 'master', 'br0')
    for (const link of ['port0', 'br0']) inClients('link', 'set', link, 'up')
    inClients('addr', 'add', '10.77.0.50/24', 'dev', 'br0')
    for (const link of ['eth0', 'lo']) ip('-n', space, 'link', 'set', link, 'up')
    for (const [where, link] of [[world.clientSpace, 'br0'], [world.clientSpace, 'port0'], [space, 'eth0']] as const) execFileSync('ip', ['netns', 'exec', where, 'ethtool', '-K', link, 'tx', 'off'], { stdio: 'ignore' })
    server = spawn('ip', ['netns', 'exec', world.clientSpace, dnsmasq, '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--interface=br0', '--bind-interfaces', '--no-ping', `--pid-file=${world.folder}/dnsmasq.pid`,
      `--dhcp-leasefile=${world.folder}/dnsmasq.leases`, '--dhcp-range=10.77.0.60,10.77.0.69,255.255.255.0,1h', `--dhcp-host=${mac},10.77.0.63`, '--dhcp-authoritative', '--dhcp-option=6,10.77.0.53', '--dhcp-boot=theirs.0'], { stdio: 'ignore' })
    writeFileSync(path.join(world.folder, 'take'), '#!/bin/sh\n[ "$1" = bound ] || exit 0\nip addr flush dev eth0\nip addr add "$ip/24" dev eth0\n', { mode: 0o755 })
    const { code, output } = await machine('busybox', 'udhcpc', '-f', '-q', '-n', '-t', '10', '-T', '1', '-i', 'eth0', '-s', path.join(world.folder, 'take'))
    if (code !== 0) throw new Error(`no address from dnsmasq: ${output}`)
  })
  const endServer = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => { server.once('exit', resolve) })
    server.kill('SIGTERM')
    await ended
  }
  afterAll(async () => {
    await endServer()
    await world?.close()
    execFileSync('ip', ['netns', 'del', space])
  })

  it('knows who fetches by TFTP, and which address the machine has', async () => {
    await world.change({ machine: [mac, view] })
    await get('snponly.efi')
    expect(await world.event('tftp.sent', ({ file }) => file === 'snponly.efi')).toMatchObject({ mac, address: '10.77.0.63' })
    expect(await world.event('tftp.started')).toMatchObject({ mac })
    expect(await world.event('address.seen')).toEqual({ kind: 'address.seen', mac, networkId: 'lab', address: '10.77.0.63' })
  })

  it('hears who gives the addresses, and with what', async () => {
    await world.change({ aheadMs: 31_000 })
    expect(await world.event('dhcp.addressServer', () => true, 40)).toMatchObject({ networkId: 'lab', address: '10.77.0.50', serverMac: expect.stringMatching(/^[0-9a-f:]{17}$/) as string, gateway: '10.77.0.50', dns: ['10.77.0.53'], bootFile: 'theirs.0' })
    expect(world.events.some(({ kind }) => kind === 'dhcp.noServer' || kind === 'dhcp.otherServer')).toBe(false)
  })

  it('knows who fetches by HTTP, and whose log lines come', async () => {
    await machine('curl', '-sS', '-o', '/dev/null', 'http://10.77.0.1/files/snponly.efi')
    expect(await world.event('file.sent')).toMatchObject({ mac })
    await machine('bash', '-c', 'echo "<5>kernel: hello from the wire" >/dev/udp/10.77.0.1/514')
    expect(await world.event('log.lines', ({ lines }) => lines.some(({ text }) => text.includes('hello from the wire')))).toMatchObject({ mac, address: '10.77.0.63' })
  })

  it('lets a machine write its own log only', async () => {
    await world.change({ machine: [other, { ...view, id: 'm2' }] })
    const post = async (to: string): Promise<string> => (await machine('curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '-X', 'POST', '--data-binary', 'ir a line', `http://10.77.0.1/log/${to}`)).output
    expect(await post(other)).toBe('403')
    expect(await post(mac)).toBe('204')
    await world.change({ machine: [other, view] })
    expect(await post(other)).toBe('204')
  })

  it('gives GRUB the orders of the machine that has the address', async () => {
    await world.change({ machine: [mac, { ...view, decision: 'wait', waitWhy: 'Held by this very test.' }] })
    await machine('curl', '-sS', '-o', '/dev/null', 'http://10.77.0.1/boot.ipxe')
    await get('grub/order-.cfg')
    expect((await machine('cat', path.join(world.folder, 'got'))).output).toContain('Held by this very test.')
    expect(await world.event('script.rendered', ({ script }) => script === 'wait')).toMatchObject({ mac, address: '10.77.0.63' })
  })

  it('takes nobody’s request for the boot of another machine', async () => {
    await world.change({ machine: [other, { ...view, id: 'm2' }] })
    const ask = async (): Promise<void> => {
      for (const name of [`boot/${other.replaceAll(':', '-')}`, `grub/order-${other}.cfg`]) await machine('curl', '-sS', '-o', '/dev/null', `http://10.77.0.1/${name}`)
      // tftp-hpa takes what stands before a colon for a host.
      await machine('atftp', '-g', '-r', `grub/order-${other}.cfg`, '-l', path.join(world.folder, 'got'), '10.77.0.1')
    }
    const told = (): number => world.events.filter((event) => event.kind === 'script.rendered' && event.mac === other).length
    await ask()
    for (const receiver of ['http', 'tftp']) await world.event('datagrams.dropped', (event) => event.receiver === receiver && event.reason === 'not-for-us', 30)
    expect(told()).toBe(0)
    // Another card of the same machine may speak for it.
    await world.change({ machine: [other, view] })
    await ask()
    await world.event('script.rendered', (event) => event.mac === other)
    expect(told()).toBeGreaterThan(0)
  })

  it('gives no loader to a machine that is left alone, by TFTP too', async () => {
    await world.change({ machine: [mac, { ...view, decision: 'ignore' }] })
    const sent = world.events.filter(({ kind }) => kind === 'tftp.sent').length
    await machine('timeout', '3', 'tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', 'snponly.efi', '/dev/null')
    await world.event('datagrams.dropped', ({ receiver, reason }) => receiver === 'tftp' && reason === 'policy-ignore', 30)
    expect(world.events.filter(({ kind }) => kind === 'tftp.sent').length).toBe(sent)
    await world.change({ machine: [mac, view] })
  })

  it('follows a machine to another address', async () => {
    execFileSync('ip', ['-n', space, 'addr', 'flush', 'dev', 'eth0'])
    execFileSync('ip', ['-n', space, 'addr', 'add', '10.77.0.64/24', 'dev', 'eth0'])
    await machine('curl', '-sS', '-o', '/dev/null', 'http://10.77.0.1/boot.ipxe')
    expect(await world.event('address.seen', ({ address }) => address === '10.77.0.64')).toMatchObject({ mac })
  })

  it('believes no lease of the time when it gave the addresses itself', async () => {
    await endServer()
    await world.change({ networks: [testNetwork] })
    const link = (...argv: string[]): void => { execFileSync('ip', ['-n', space, 'link', ...argv]) }
    link('add', 'link', 'eth0', 'name', 'mv0', 'address', other, 'type', 'macvlan', 'mode', 'bridge')
    link('set', 'mv0', 'up')
    const asked = world.event('dhcp.acked', (event) => event.mac === other, 30)
    await machine('busybox', 'udhcpc', '-f', '-q', '-n', '-t', '5', '-T', '1', '-i', 'mv0', '-s', '/bin/true')
    const { address } = await asked
    link('del', 'mv0')
    await world.change({ networks: [{ ...testNetwork, mode: 'proxy' }] })
    execFileSync('ip', ['-n', space, 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
    await machine('curl', '-sS', '--interface', address, '-o', '/dev/null', 'http://10.77.0.1/files/snponly.efi')
    expect(await world.event('file.sent', (event) => event.address === address)).toMatchObject({ mac })
  })
})
