import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { requireMeans, withoutPxe } from './firmware.ts'
import { ProxyWorld, type Firmware, type ProxyGuest } from './proxy-world.ts'

const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('real firmware beside another DHCP server: skipped, a part of the full run')

const bios: Firmware = { title: 'SeaBIOS, iPXE ROM', kind: 'bios', card: '' }
const clients: readonly (readonly [title: string, firmware: Firmware, path: string])[] = ([
  [bios, ''],
  [{ title: 'OVMF, iPXE ROM', kind: 'uefi', card: '' }, ''],
  [{ title: 'OVMF, its own PXE, snponly', kind: 'uefi', card: ',romfile=' }, 'uefi-x64, TFTP, snponly.efi'],
  [{ title: 'OVMF, HTTP Boot', kind: 'uefi', card: ',romfile=', more: withoutPxe('IPv4', 'IPv6') }, 'uefi-x64'],
] as const).map(([firmware, path]) => [firmware.title, firmware, path])
const secure: Firmware = { title: 'OVMF with Secure Boot', kind: 'secureBoot', card: ',romfile=' }

/** Each client goes the whole way: the other server's address, our loader and script, the ramdisk, its inventory. */
describe.skipIf(!isFull)('real firmware in mode proxy', () => {
  let world: ProxyWorld
  let guest: ProxyGuest | undefined
  beforeAll(async () => {
    requireMeans('/usr/sbin/dnsmasq')
    world = await ProxyWorld.open('f')
  }, 300_000)
  afterEach(async ({ task }) => {
    const told = guest
    guest = undefined
    await told?.pull()
    await world.fallSilent()
    if (told !== undefined && task.result?.state === 'fail') console.log((await world.boots(told.mac)).map(({ entries, diagnoses }) => [...entries.map(({ offsetMs, title, detail }) => `${offsetMs} ${title} ${detail}`), JSON.stringify(diagnoses)].join('\n')).join('\n\n'), world.serialOf(told.mac))
  })
  afterAll(async () => { await world?.close() })

  async function isDiscovered(title: string, one: ProxyGuest): Promise<void> {
    const machine = await world.control.until(one.mac, ({ phase }) => phase === 'discovered', 400_000)
    console.log(`${title} in mode proxy: discovered after ${one.seconds()} s`)
    expect(machine.address).toMatch(/^10\.77\.0\.[6-9]\d$/)
    // The machine is in memory before its journal line is on disk.
    const boot = await vi.waitUntil(async () => { const [newest] = await world.boots(one.mac); return newest?.outcome === 'discovered' && newest }, { timeout: 30_000, interval: 200 })
    expect(boot.diagnoses).toEqual([])
    expect((await world.lines(one.mac)).map(({ text }) => text).filter((text) => text.includes('0.0.0.0'))).toEqual([])
  }

  it.each(clients)('beside a dnsmasq that gives the addresses, %s is discovered', async (title, firmware, path) => {
    world.serve()
    guest = world.power(firmware)
    await isDiscovered(title, guest)
    expect((await world.control.machine(guest.mac))?.bootPath).toBe(path)
  }, 500_000)

  it('with Secure Boot is given the signed loaders, and is discovered', async () => {
    world.serve()
    guest = world.power(secure)
    await isDiscovered(`${secure.title}, for the first time`, guest)
    expect((await world.control.machine(guest.mac))?.inventory?.secureBoot).toBe(true)
    await guest.pull()
    const before = (await world.lines(guest.mac)).length
    guest = world.power(secure, guest.number)
    const again = guest
    await vi.waitUntil(async () => (await world.lines(again.mac)).slice(before).some(({ kind }) => kind.startsWith('inventory.')), { timeout: 400_000, interval: 500 })
    console.log(`${secure.title} in mode proxy, known: its inventory after ${again.seconds()} s`)
    const files = (await world.lines(again.mac)).slice(before).flatMap(({ kind, data }) => (kind === 'tftp.sent' || kind === 'file.sent' ? [String(data['file'])] : []))
    expect(files).toEqual(expect.arrayContaining(['shimx64.efi', 'grubx64.efi']))
    expect(files).not.toContain('snponly.efi')
  }, 900_000)

  it('where nobody gives addresses: it and its network say so', async () => {
    guest = world.power(bios)
    const { mac } = guest
    const found = await vi.waitUntil(async () => (await world.boots(mac))[0]?.diagnoses.find(({ id }) => id === 'no-address-server'), { timeout: 150_000, interval: 500 })
    expect(found.todo).toContain('Start the DHCP server of this network')
    expect((await world.network()).notices.join(' ')).toContain('Nobody gives addresses on')
  }, 200_000)

  it('where the other server names a boot file too: it and its network say whose that is', async () => {
    world.serve('--dhcp-boot=theirs.0')
    guest = world.power(bios)
    const { mac } = guest
    const found = await vi.waitUntil(async () => (await world.boots(mac))[0]?.diagnoses.find(({ id }) => id === 'other-server'), { timeout: 150_000, interval: 500 })
    expect(found.todo).toContain('out of the configuration of 10.77.0.50')
    const network = await vi.waitUntil(async () => { const now = await world.network(); return now.addressServers.some(({ bootFile }) => bootFile === 'theirs.0') && now }, { timeout: 90_000, interval: 500 })
    expect(network.notices.join(' ')).toContain('10.77.0.50 on Provisioning network gives not only addresses, but also says what to boot, theirs.0')
  }, 300_000)
})
