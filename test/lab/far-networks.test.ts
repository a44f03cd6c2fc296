import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Boots } from '#contract/blackbox-api'
import type { Machine } from '#contract/operator-api'
import { ControlProcess } from '../sim/control-process.ts'
import { buildImage, makeHome } from './appliance.ts'
import { bridgeTap, endProcess, powerOn, requireMeans } from './firmware.ts'

const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('networks far from the first one: skipped, a part of the full run')

const [appliance, rack] = [`sc-fra-${process.pid}`, `sc-frw-${process.pid}`]
const wires = { second: { tap: 'tap0', subnet: '10.99.0', kind: 'uefi' }, behindRelay: { tap: 'tap1', subnet: '10.98.0', kind: 'bios' } } as const

/**
 * The appliance stands in 10.77.0.0/24 with its first card and in 10.99.0.0/24 with its second. On that one's wire is a rack, and a router with a
 * relay of DHCP to 10.98.0.0/24. Nothing there has a route to the first network.
 */
describe.skipIf(!isFull)('machines on networks far from the first one', () => {
  let home: ReturnType<typeof makeHome>
  let control: ControlProcess
  let relay: ChildProcess | undefined
  let guest: { mac: string; machine: ReturnType<typeof powerOn> } | undefined
  const serial = (mac: string): string => path.join(home.home, `${mac.replaceAll(':', '')}.log`)
  const ip = (...words: string[]): void => void execFileSync('ip', words)
  const api = async <T>(method: string, route: string, body?: unknown): Promise<T> => {
    const { status, value } = await control.api(method, route, body)
    if (status >= 400) throw new Error((value as { detail: string }).detail)
    return value as T
  }

  beforeAll(async () => {
    requireMeans('/usr/sbin/dnsmasq')
    home = makeHome('far')
    for (const name of [appliance, rack]) { ip('netns', 'add', name); ip('-n', name, 'link', 'set', 'lo', 'up') }
    ip('-n', appliance, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'wire0')
    ip('-n', appliance, 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', rack)
    for (const card of ['eth0', 'wire0', 'eth1']) ip('-n', appliance, 'link', 'set', card, 'up')
    for (const [address, card] of [['10.77.0.1/24', 'eth0'], ['10.99.0.1/24', 'eth1']] as const) ip('-n', appliance, 'address', 'add', address, 'broadcast', '+', 'dev', card)
    ip('-n', rack, 'link', 'set', 'eth0', 'up')
    bridgeTap(rack, wires.second.tap)
    ip('-n', rack, 'link', 'add', 'br1', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    ip('-n', rack, 'tuntap', 'add', wires.behindRelay.tap, 'mode', 'tap')
    ip('-n', rack, 'link', 'set', wires.behindRelay.tap, 'master', 'br1', 'up')
    ip('-n', rack, 'link', 'set', 'br1', 'up')
    ip('-n', rack, 'address', 'add', '10.99.0.254/24', 'dev', 'br0')
    ip('-n', rack, 'address', 'add', '10.98.0.254/24', 'dev', 'br1')
    ip('-n', appliance, 'route', 'add', '10.98.0.0/24', 'via', '10.99.0.254')
    execFileSync('ip', ['netns', 'exec', rack, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'])
    // Or clients on raw sockets see UDP checksums that nobody has computed.
    for (const [space, link] of [[appliance, 'eth1'], [rack, 'eth0'], [rack, 'br0'], [rack, 'br1']] as const) execFileSync('ip', ['netns', 'exec', space, 'ethtool', '-K', link, 'tx', 'off'], { stdio: 'ignore' })
    relay = spawn('ip', ['netns', 'exec', rack, '/usr/sbin/dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', `--pid-file=${home.home}/relay.pid`, '--dhcp-relay=10.98.0.254,10.99.0.1'], { stdio: 'ignore' })

    control = await ControlProcess.make({ namespace: appliance, interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24' })
    for (const id of ['loaders', 'ramdisk'] as const) {
      const folder = realpathSync(buildImage(home.dataDir, id))
      symlinkSync(folder, path.join(control.home, 'data/images', path.basename(folder)))
    }
    Object.assign(control.environment, { SYSTEM_CLOUD_TLS_PORT: '443', SYSTEM_CLOUD_KERNEL_ARGUMENTS: 'clearcpuid=cx16' })
    await control.start()
    await api('POST', 'networks', { id: 'second', cidr: '10.99.0.0/24', interface: 'eth1', gateway: '' })
    await api('POST', 'networks', { id: 'behind-relay', cidr: '10.98.0.0/24', interface: 'eth1', relayed: true, gateway: '10.98.0.254' })
  }, 300_000)
  afterEach(async ({ task }) => {
    const told = guest
    guest = undefined
    await told?.machine.pull()
    if (told === undefined || task.result?.state !== 'fail') return
    const { status, value } = await control.api('GET', `machines/${told.mac}/boots`)
    console.log(status === 200 ? (value as Boots).boots.map(({ entries }) => entries.map(({ offsetMs, title, detail }) => `${offsetMs} ${title} ${detail}`).join('\n')).join('\n\n') : status, existsSync(serial(told.mac)) ? readFileSync(serial(told.mac), 'latin1').replaceAll(/[^\n\u0020-\u007e]/g, '').slice(-3000) : '')
  })
  afterAll(async () => {
    if (relay !== undefined) await endProcess(relay)
    await control?.remove()
    for (const name of [appliance, rack]) ip('netns', 'delete', name)
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
  })

  const text = (mac: string): string => readFileSync(serial(mac), 'latin1')

  it.each([['on a second card', 'second', 1], ['behind a relay on that card', 'behindRelay', 2]] as const)('one %s boots the ramdisk and is discovered, all at the appliance’s address there', async (_where, wire, number) => {
    const { tap, subnet, kind } = wires[wire]
    const mac = `52:54:00:99:09:0${number}`
    const disk = path.join(home.home, `${number}.raw`)
    writeFileSync(disk, '')
    truncateSync(disk, 20 * 1024 ** 3)
    guest = { mac, machine: powerOn(rack, {
      kind, mac, tap, variables: path.join(home.home, `${number}.fd`), serial: `file:${serial(mac)}`,
      more: ['-uuid', `5c10ad00-0000-4000-8000-52540099090${number}`, '-drive', `if=none,id=d0,format=raw,file=${disk}`, '-device', 'virtio-blk-pci,drive=d0,serial=FAR-DISK'],
    }) }
    const machine: Machine = await control.until(mac, ({ phase }) => phase === 'discovered', 400_000)
    expect(machine.address).toMatch(new RegExp(`^${subnet.replaceAll('.', '\\.')}\\.\\d+$`))
    expect(machine.inventory?.disks).toMatchObject([{ serial: 'FAR-DISK' }])
    const said = text(mac)
    expect(said).toContain('sc.url=http://10.99.0.1')
    expect(said).not.toContain('10.77.0.1')
    // Its log comes the same way, and what is ordered reaches it: it is on for as long as it asks for orders.
    await expect.poll(async () => (await api<{ lines: { text: string }[] }>('GET', `machines/${mac}/log`)).lines.length, { timeout: 60_000 }).toBeGreaterThan(5)
    await api('POST', `machines/${mac}/power`, { act: 'off' })
    const { machine: box } = guest
    await expect.poll(() => box.isOn(), { timeout: 120_000, interval: 200 }).toBe(false)
  }, 600_000)
})
