import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BootEvent, NetworkView } from '#netboot/site'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'
import { testNetwork } from '../sim/memory-site.ts'
import { buildImage, makeHome } from './appliance.ts'
import { bridgeTap, powerOn, requireMeans, withoutPxe } from './firmware.ts'

const ipxe = '/usr/lib/ipxe/snponly.efi'
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('netboot over IPv6: skipped, a part of the full run')

const ipv6 = { prefix: 'fd00:77::/64', address: 'fd00:77::1' }
const ipv6Only: Partial<NetworkView> = { mode: 'proxy', ipv6 }

/** A wire on which nobody gives IPv4 addresses: whatever boots there boots by IPv6. */
describe.skipIf(!isFull)('netboot and real firmware, by IPv6 alone', () => {
  let home: ReturnType<typeof makeHome>
  let world: NetbootWorld
  let count = 0

  beforeAll(async () => {
    requireMeans(ipxe)
    home = makeHome('netboot-ipv6')
    const ramdisk = buildImage(home.dataDir, 'ramdisk')
    world = await openNetbootWorld({ network: ipv6Only, files: { 'snponly.efi': ipxe, ...Object.fromEntries(['vmlinuz', 'initrd.img'].map((name) => [name, path.join(ramdisk, name)])) } })
    bridgeTap(world.clientSpace)
    execFileSync('ip', ['-n', world.clientSpace, 'addr', 'flush', 'dev', 'eth0'])
  })
  afterAll(async () => {
    await world?.close()
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
  })

  /** Powers a machine on, and off once its kernel has come by IPv6 and `goOn` is done. */
  async function boots(title: string, card: string, extra: readonly string[], goOn: (mac: string) => Promise<unknown> = async () => {}): Promise<{ mac: string; uuid: string; heard: BootEvent[] }> {
    const index = (count += 1).toString(16).padStart(2, '0')
    const [mac, uuid] = [`52:54:00:77:06:${index}`, `00112233-4455-6677-8899-aabbccddee${index}`]
    await world.change({ machine: [mac, { id: `m${count}`, hostname: null, decision: 'ramdisk', address: null, kernelArguments: ['clearcpuid=cx16'] }] })
    const began = performance.now()
    const seconds = (): string => ((performance.now() - began) / 1000).toFixed(1)
    const machine = powerOn(world.clientSpace, { kind: 'uefi', mac, variables: path.join(world.folder, `${count}.fd`), card, more: ['-uuid', uuid, ...extra] })
    try {
      const script = await world.event('script.rendered', (event) => event.mac === mac, 240)
      console.log(`${title}: boot script after ${seconds()} s`)
      expect(script).toMatchObject({ address: expect.stringMatching(/^fd00:77:/) as string, client: { uuid, platform: 'efi' } })
      await world.event('file.sent', ({ file, address }) => file === 'initrd.img' && address === script.address, 120)
      console.log(`${title}: kernel and ramdisk after ${seconds()} s`)
      await goOn(mac)
      return { mac, uuid, heard: world.events.filter((event) => 'mac' in event && event.mac === mac) }
    } finally {
      await machine.pull()
    }
  }

  it('OVMF, its own PXE: address, loader by TFTP, boot script, kernel, and a ramdisk that goes on by IPv4; one machine throughout', async () => {
    const { mac, uuid, heard } = await boots('OVMF, PXEv6', ',romfile=', withoutPxe('IPv4'), async (booted) => {
      await world.change({ networks: [{ ...testNetwork, ipv6 }] })
      await world.event('log.lines', (event) => event.mac === booted && event.address.startsWith('10.77.0.'), 240)
      await world.change({ networks: [{ ...testNetwork, ...ipv6Only }] })
    })
    // Beside PXE the firmware's IPv6 asks for itself, because the advertisement tells it to.
    const asked = heard.filter((event) => event.kind === 'dhcp6.solicited').filter(({ client }) => client.kind !== 'system')
    expect(asked.map(({ client }) => client.kind)).toEqual(expect.arrayContaining(['firmware', 'ipxe']))
    for (const { client } of asked) expect(client).toMatchObject({ uuid, architecture: 'uefi-x64' })
    expect(heard).toContainEqual(expect.objectContaining({ kind: 'tftp.sent', mac, file: 'snponly.efi' }))
  })

  it('OVMF, HTTP Boot', async () => {
    const { heard, uuid } = await boots('OVMF, HTTPv6', ',romfile=', withoutPxe('IPv4', 'IPv6'))
    expect(heard).toContainEqual(expect.objectContaining({ kind: 'file.sent', file: 'snponly.efi', complete: true }))
    expect(heard).toContainEqual(expect.objectContaining({ kind: 'dhcp6.solicited', client: expect.objectContaining({ vendorClass: 'HTTPClient:Arch:00016:UNDI:003000', uuid }) as object }))
  })

  it('OVMF, iPXE ROM', async () => { expect((await boots('OVMF, iPXE ROM', '', [])).heard).toContainEqual(expect.objectContaining({ kind: 'dhcp6.bound', bootFile: 'http://[fd00:77::1]/boot.ipxe' })) })
})
