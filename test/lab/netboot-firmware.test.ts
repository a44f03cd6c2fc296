import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nextEntryFile } from '#netboot/site'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'
import { testNetwork } from '../sim/memory-site.ts'
import { bridgeTap, endProcess, powerOn, requireMeans, withoutPxe } from './firmware.ts'
import { makeOlderDisk } from './talking-disks.ts'

const loaders = { 'undionly.kpxe': '/usr/lib/ipxe/undionly.kpxe', 'snponly.efi': '/usr/lib/ipxe/snponly.efi' }
const dnsmasq = '/usr/sbin/dnsmasq'
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('netboot firmware: skipped, a part of the full run')

const noPxe = withoutPxe('IPv4', 'IPv6')
type Firmware = readonly [title: string, platform: 'pcbios' | 'efi', isUefi: boolean, card: string, extra: readonly string[]]
const firmware: readonly Firmware[] = [
  ['SeaBIOS, iPXE ROM', 'pcbios', false, '', []],
  ['OVMF, iPXE ROM', 'efi', true, '', []],
  ['OVMF, its own PXE, TFTP, snponly', 'efi', true, ',romfile=', []],
  ['OVMF, HTTP Boot', 'efi', true, ',romfile=', noPxe],
]
/** One wire for the guests (br0, tap0) in the clients' namespace. */
describe.skipIf(!isFull)('netboot and real firmware', () => {
  let world: NetbootWorld
  let count = 0
  const helpers: ChildProcess[] = []
  const inSpace = (...argv: string[]): void => { execFileSync('ip', ['netns', 'exec', world.clientSpace, ...argv]) }
  const ip = (...argv: string[]): void => { execFileSync('ip', ['-n', world.clientSpace, ...argv]) }
  const help = (...argv: string[]): void => { helpers.push(spawn('ip', ['netns', 'exec', world.clientSpace, ...argv], { stdio: 'ignore' })) }
  const endHelpers = async (): Promise<void> => {
    for (const helper of helpers.splice(0)) await endProcess(helper)
  }

  beforeAll(async () => {
    requireMeans(dnsmasq, ...Object.values(loaders))
    world = await openNetbootWorld({ files: loaders })
    bridgeTap(world.clientSpace)
    ip('addr', 'flush', 'dev', 'eth0')
    ip('addr', 'add', '10.77.0.50/24', 'dev', 'br0')
    inSpace('ethtool', '-K', 'br0', 'tx', 'off')
  })
  afterAll(async () => { await endHelpers(); await world?.close() })

  /** Switches a machine on and off again, `work` meanwhile. */
  async function withMachine<T>([, , isUefi, card, extra]: Firmware, mac: string, serial: string, work: () => Promise<T>): Promise<T> {
    const machine = powerOn(world.clientSpace, { kind: isUefi ? 'uefi' : 'bios', mac, variables: path.join(world.folder, `${count}.fd`), memoryMiB: 512, card, serial, more: extra })
    try {
      return await work()
    } finally {
      await machine.pull()
    }
  }

  const nextMac = (): string => `52:54:00:77:01:${(count += 1).toString(16).padStart(2, '0')}`
  const since = (beganMs: number): string => `${((performance.now() - beganMs) / 1000).toFixed(1)} s`

  async function boots(machine: Firmware, mac = nextMac()): Promise<string> {
    const [title, platform] = machine
    const beganMs = performance.now()
    return withMachine(machine, mac, 'null', async () => {
      const script = await world.event('script.rendered', (event) => event.mac === mac, 180)
      console.log(`${title}: boot script after ${since(beganMs)}`)
      expect(script.client.platform).toBe(platform)
      return script.address
    })
  }

  it.each(firmware)('mode full: %s reaches its boot script', async (...machine) => { expect(await boots(machine)).toMatch(/^10\.77\.0\.1\d\d$/) })

  const offersTo = (mac: string): (string | null)[] => world.events.flatMap((event) => (event.kind === 'dhcp.offered' && event.mac === mac ? [event.bootFile] : []))

  it('mode full: OVMF whose kind is to boot by TFTP goes on from HTTP Boot to its next boot entry', async () => {
    const [mac, serial, words] = [nextMac(), path.join(world.folder, 'next.log'), 'THE-NEXT-BOOT-ENTRY-STARTS']
    await world.change({ machine: [mac, { id: 'm2', hostname: 'node2', decision: 'ramdisk', address: null, bootPath: { loader: 'tftp' } }] })
    const disk = ['-drive', `if=none,id=d0,format=raw,file=${makeOlderDisk(world.folder, words)}`, '-device', 'virtio-blk-pci,drive=d0,bootindex=1']
    const beganMs = performance.now()
    await withMachine(['', 'efi', true, ',romfile=', [...noPxe, ...disk]], mac, `file:${serial}`, async () => {
      await expect.poll(() => (existsSync(serial) ? readFileSync(serial, 'latin1') : ''), { timeout: 180_000, interval: 200 }).toContain(words)
    })
    console.log(`OVMF, HTTP Boot first, TFTP chosen: its next boot entry after ${since(beganMs)}`)
    expect(new Set(offersTo(mac))).toEqual(new Set([`http://10.77.0.1/files/${nextEntryFile}`]))
    expect(world.events.some((event) => event.kind === 'script.rendered' && event.mac === mac)).toBe(false)
  })

  it('mode full: OVMF whose kind is to boot by HTTP goes on from its own PXE to HTTP Boot', async () => {
    const mac = nextMac()
    await world.change({ machine: [mac, { id: 'm1', hostname: 'node1', decision: 'ramdisk', address: null, bootPath: { loader: 'http' } }] })
    await boots(['OVMF, its own PXE first, HTTP Boot chosen', 'efi', true, ',romfile=', []], mac)
    const offered = offersTo(mac)
    expect(offered[0]).toBe(nextEntryFile)
    expect(offered).toContain('http://10.77.0.1/files/snponly.efi')
    expect(world.events.some((event) => event.kind === 'tftp.started' && event.mac === mac && event.file === 'snponly.efi')).toBe(false)
  })

  describe('through a relay, on another subnet', () => {
    beforeAll(async () => {
      // br0 lets go of the cable and becomes a wire of its own, with the relay as its router.
      ip('link', 'set', 'eth0', 'nomaster')
      ip('addr', 'flush', 'dev', 'br0')
      ip('addr', 'add', '10.99.0.254/24', 'dev', 'br0')
      ip('addr', 'add', '10.77.0.50/24', 'dev', 'eth0')
      inSpace('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward')
      inSpace('ethtool', '-K', 'eth0', 'tx', 'off')
      world.server('ip', 'route', 'add', '10.99.0.0/24', 'via', '10.77.0.50')
      await world.change({ networks: [testNetwork, { ...testNetwork, id: 'far', relayed: true, cidr: '10.99.0.0/24', gateway: '10.99.0.254', ranges: [{ from: '10.99.0.100', to: '10.99.0.199' }] }] })
      help(dnsmasq, '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', `--pid-file=${world.folder}/relay.pid`, '--dhcp-relay=10.99.0.254,10.77.0.1')
    })
    it.each(firmware)('%s reaches its boot script', async (...machine) => {
      expect(await boots(machine)).toMatch(/^10\.99\.0\.1\d\d$/)
      expect((await world.event('dhcp.acked', ({ networkId }) => networkId === 'far')).packet.relay).toBe('10.99.0.254')
    })
  })
})
