import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { testNetwork } from '../sim/memory-site.ts'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

const dnsmasq = '/usr/sbin/dnsmasq'
const far = { ...testNetwork, id: 'far', relayed: true, cidr: '10.99.0.0/24', gateway: '10.99.0.254', ranges: [{ from: '10.99.0.100', to: '10.99.0.199' }] }

/** Later than the next probe for other servers, and longer than one that is silent counts as being there. */
const probeMs = 31_000
const goneMs = 36_000

/** A world with a third namespace: clients behind the clients' namespace, which then is their router and relay. */
describe('DHCP on several networks', () => {
  let world: NetbootWorld
  const farSpace = `sc-nbf-${process.pid}`
  const helpers: ChildProcess[] = []
  const ip = (...argv: string[]): void => { execFileSync('ip', argv) }
  const help = (...argv: string[]): void => {
    helpers.push(spawn('ip', ['netns', 'exec', world.clientSpace, dnsmasq, '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', `--pid-file=${world.folder}/dnsmasq.pid`, ...argv], { stdio: 'ignore' }))
  }
  const endHelpers = async (): Promise<void> => {
    for (const helper of helpers.splice(0)) {
      const ended = new Promise((resolve) => { helper.once('exit', resolve) })
      if (helper.exitCode === null) { helper.kill('SIGTERM'); await ended }
    }
  }
  /** udhcpc once: what it was told, as its script sees it. */
  const udhcpc = async (space: string, ...more: string[]): Promise<string> => {
    const { output } = await world.client(['ip', 'netns', 'exec', space, 'busybox', 'udhcpc', '-f', '-q', '-n', '-t', '8', '-T', '1', '-i', 'eth0', '-s', path.join(world.folder, 'tell'), ...more], { seconds: 30 })
    return output
  }

  beforeAll(async () => {
    if (!existsSync('/usr/sbin/dhcrelay')) throw new Error('there is no dhcrelay: install isc-dhcp-relay')
    if (!existsSync(dnsmasq)) throw new Error(`there is no ${dnsmasq}: install dnsmasq-base`)
    world = await openNetbootWorld({ files: {} })
    writeFileSync(path.join(world.folder, 'tell'), '#!/bin/sh\nenv\n', { mode: 0o755 })
    ip('netns', 'add', farSpace)
    ip('-n', world.clientSpace, 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', farSpace)
    ip('-n', world.clientSpace, 'addr', 'add', '10.99.0.254/24', 'dev', 'eth1')
    for (const [space, link] of [[world.clientSpace, 'eth1'], [farSpace, 'eth0'], [farSpace, 'lo']] as const) ip('-n', space, 'link', 'set', link, 'up')
    for (const [space, link] of [[world.clientSpace, 'eth0'], [world.clientSpace, 'eth1'], [farSpace, 'eth0']] as const) execFileSync('ip', ['netns', 'exec', space, 'ethtool', '-K', link, 'tx', 'off'], { stdio: 'ignore' })
    execFileSync('ip', ['netns', 'exec', world.clientSpace, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'])
    world.server('ip', 'route', 'add', '10.99.0.0/24', 'via', '10.77.0.50')
  })
  afterEach(endHelpers)
  afterAll(async () => { await endHelpers(); await world?.close(); execFileSync('ip', ['netns', 'del', farSpace]) })

  it('serves a subnet behind a relay, with its own router and options', async () => {
    await world.change({ networks: [testNetwork, { ...far, options: [{ code: 121, value: [16, 10, 50, 10, 99, 0, 254] }] }] })
    help('--dhcp-relay=10.99.0.254,10.77.0.1')
    const told = await udhcpc(farSpace, '-O', 'staticroutes')
    expect(told).toMatch(/ip=10\.99\.0\.1\d\d/)
    expect(told).toContain('router=10.99.0.254')
    expect(told).toContain('staticroutes=10.50.0.0/16 10.99.0.254')
    const acked = await world.event('dhcp.acked', ({ networkId }) => networkId === 'far')
    expect(acked.packet.relay).toBe('10.99.0.254')
    expect(await udhcpc(world.clientSpace)).toMatch(/ip=10\.77\.0\.1\d\d/)
  })

  it('gives back to a relay of ISC what that said of the client, without which it would pass nothing on', async () => {
    await world.change({ networks: [testNetwork, far] })
    helpers.push(spawn('ip', ['netns', 'exec', world.clientSpace, 'dhcrelay', '-4', '-d', '-a', '-D', '--no-pid', '-id', 'eth1', '-iu', 'eth0', '10.77.0.1'], { stdio: 'ignore' }))
    expect(await udhcpc(farSpace)).toMatch(/ip=10\.99\.0\.1\d\d/)
  })

  it('drops what a relay on no subnet of ours sends, and counts it', async () => {
    await world.change({ networks: [testNetwork] })
    help('--dhcp-relay=10.99.0.254,10.77.0.1')
    expect(await udhcpc(farSpace, '-t', '2')).toContain('no lease')
    await world.event('datagrams.dropped', ({ reason }) => reason === 'relay-unknown')
  })

  it('keeps a reserved address for a client id', async () => {
    await world.change({ networks: [testNetwork], reservations: [{ networkId: 'lab', address: '10.77.0.33', match: { clientId: '00abcdef' }, hostname: 'kept' }] })
    expect(await udhcpc(world.clientSpace, '-x', '0x3d:00abcdef')).toMatch(/hostname=kept[\s\S]*ip=10\.77\.0\.33|ip=10\.77\.0\.33[\s\S]*hostname=kept/)
    await world.change({ reservations: [] })
  })

  it('finds out who uses an address of the pool, and gives another', async () => {
    await world.change({ networks: [{ ...testNetwork, ranges: [{ from: '10.77.0.50', to: '10.77.0.51' }] }] })
    const conflict = await world.event('dhcp.conflict')
    expect(conflict).toMatchObject({ address: '10.77.0.50', ownerMac: '52:54:00:0a:0b:0c' })
    execFileSync('ip', ['-n', world.clientSpace, 'link', 'add', 'link', 'eth0', 'name', 'mv0', 'address', '52:54:00:0a:0b:99', 'type', 'macvlan', 'mode', 'bridge'])
    execFileSync('ip', ['-n', world.clientSpace, 'link', 'set', 'mv0', 'up'])
    expect(await udhcpc(world.clientSpace, '-i', 'mv0')).toContain('ip=10.77.0.51')
    execFileSync('ip', ['-n', world.clientSpace, 'link', 'del', 'mv0'])
  })

  it('stands back beside another server where it shall refuse, and serves again when that is gone', async () => {
    help('--interface=eth0', '--bind-interfaces', '--no-ping', `--dhcp-leasefile=${world.folder}/other.leases`, '--dhcp-range=10.77.0.60,10.77.0.69,255.255.255.0,1h', '--dhcp-boot=theirs.0')
    await world.change({ networks: [{ ...testNetwork, whenOtherServer: 'warn' }] })
    await udhcpc(world.clientSpace, '-t', '3')
    await world.change({ aheadMs: probeMs })
    const warned = await world.event('dhcp.otherServer', ({ address, how }) => address === '10.77.0.50' && how !== 'choice', 70)
    expect(warned).toMatchObject({ networkId: 'lab', serverMac: '52:54:00:0a:0b:0c', standsBack: false })
    await world.change({ networks: [{ ...testNetwork, whenOtherServer: 'refuse' }] })
    const offersBefore = world.events.filter(({ kind }) => kind === 'dhcp.offered').length
    // A client with another MAC: it has no lease with us.
    execFileSync('ip', ['-n', world.clientSpace, 'link', 'add', 'link', 'eth0', 'name', 'mv1', 'address', '52:54:00:0a:0b:98', 'type', 'macvlan', 'mode', 'bridge'])
    execFileSync('ip', ['-n', world.clientSpace, 'link', 'set', 'mv1', 'up'])
    await udhcpc(world.clientSpace, '-i', 'mv1', '-t', '3')
    await world.event('dhcp.ignored', ({ why }) => why === 'stands-back')
    expect(world.events.filter(({ kind }) => kind === 'dhcp.offered').length).toBe(offersBefore)
    await endHelpers()
    await world.change({ aheadMs: goneMs })
    await world.event('dhcp.otherServerGone', ({ address }) => address === '10.77.0.50', 90)
    expect(await udhcpc(world.clientSpace, '-i', 'mv1')).toMatch(/ip=10\.77\.0\.1\d\d/)
    execFileSync('ip', ['-n', world.clientSpace, 'link', 'del', 'mv1'])
  })

  it('gives no addresses in mode proxy', async () => {
    await world.change({ networks: [{ ...testNetwork, mode: 'proxy' }] })
    expect(await udhcpc(world.clientSpace, '-t', '2')).toContain('no lease')
    await world.change({ aheadMs: probeMs })
    await world.event('dhcp.noServer', ({ networkId }) => networkId === 'lab', 60)
    help('--interface=eth0', '--bind-interfaces', '--no-ping', `--dhcp-leasefile=${world.folder}/theirs.leases`, '--dhcp-range=10.77.0.60,10.77.0.69,255.255.255.0,1h')
    await world.change({ aheadMs: probeMs })
    await world.event('dhcp.serverFound', ({ networkId }) => networkId === 'lab', 60)
  })
})
