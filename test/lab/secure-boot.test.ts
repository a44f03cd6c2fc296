import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'
import { buildImage, makeHome } from './appliance.ts'
import { bridgeTap, powerOn, requireMeans } from './firmware.ts'

const ipxe = '/usr/lib/ipxe/snponly.efi'
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('secure boot: skipped, a part of the full run')

const mac = '52:54:00:77:05:01'

describe.skipIf(!isFull)('a machine with Secure Boot', () => {
  let home: ReturnType<typeof makeHome>
  let world: NetbootWorld
  beforeAll(async () => {
    requireMeans(ipxe)
    home = makeHome('secure-boot')
    const ramdisk = buildImage(home.dataDir, 'ramdisk')
    world = await openNetbootWorld({ files: { 'snponly.efi': ipxe, ...Object.fromEntries(['shimx64.efi', 'grubx64.efi', 'vmlinuz', 'initrd.img'].map((name) => [name, path.join(ramdisk, name)])) } })
    bridgeTap(world.clientSpace)
  })
  afterAll(async () => {
    await world?.close()
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
  })

  /** Runs the machine while `work` does. */
  async function withMachine<T>(work: () => Promise<T>): Promise<T> {
    const serial = path.join(world.folder, 'serial.log')
    const machine = powerOn(world.clientSpace, { kind: 'secureBoot', mac, variables: path.join(world.folder, 'variables.fd'), card: ',romfile=', serial: `file:${serial}` })
    try {
      return await work()
    } catch (error) {
      console.log(readFileSync(serial, 'latin1').replaceAll(/[^\n\u0020-\u007e]/g, '').slice(-3000))
      throw error
    } finally {
      await machine.pull()
    }
  }

  /** The ramdisk streams its kernel's log: it says itself that the firmware enforces signatures. */
  const locksDown = (): Promise<unknown> => world.event('log.lines', (event) => event.mac === mac && event.lines.some(({ text }) => /Secure boot enabled/i.test(text)), 300)

  it('refuses the unsigned loader, is given the signed ones, and starts the ramdisk under lockdown', async () => {
    const began = performance.now()
    const say = (what: string): void => console.log(`secure boot: ${what} after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    await world.change({ machine: [mac, { id: 'm1', hostname: 'node1', decision: 'ramdisk', address: null, kernelArguments: ['clearcpuid=cx16'] }] })
    await withMachine(async () => {
      await world.event('tftp.sent', (event) => event.file === 'snponly.efi', 240)
      say('refused iPXE')
      await world.event('file.sent', (event) => event.file === 'grubx64.efi', 240)
      say('GRUB by HTTP, its next boot entry,')
      await world.event('script.rendered', (event) => event.mac === mac && event.script === 'ramdisk', 120)
      await world.event('file.sent', (event) => event.file === 'initrd.img', 300)
      say('kernel and ramdisk')
      await locksDown()
      say('the ramdisk’s log')
    })
  }, 900_000)

  it('is given the signed loaders at once where its inventory says so', async () => {
    const machine = { id: 'm1', hostname: 'node1', address: null, hasSecureBoot: true, kernelArguments: ['clearcpuid=cx16'] }
    await world.change({ machine: [mac, { ...machine, decision: 'wait', waitWhy: 'Held by a test.' }] })
    world.events.length = 0
    await withMachine(async () => {
      await world.event('script.rendered', (event) => event.mac === mac && event.script === 'wait', 240)
      await world.change({ machine: [mac, { ...machine, decision: 'ramdisk' }] })
      await world.event('tftp.sent', (event) => event.file.endsWith('initrd.img'), 300)
      await locksDown()
    })
    expect(world.events.some((event) => event.kind === 'tftp.started' && event.file === 'snponly.efi')).toBe(false)
  }, 900_000)
})
