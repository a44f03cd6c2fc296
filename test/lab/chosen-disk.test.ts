import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildLoaders } from '#images/build/loaders'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'
import { buildImage, makeHome } from './appliance.ts'
import { bridgeTap, powerOn, requireMeans, type FirmwareKind } from './firmware.ts'
import { makeOlderDisk, makeOurDisk } from './talking-disks.ts'

const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('chosen disk: skipped, a part of the full run')

const rootUuid = '5c10ad00-0000-4000-a000-000000000001'
const wrongWords = 'THE-OLDER-SYSTEM-STARTS'
const rightWords = 'THE-CHOSEN-SYSTEM-STARTS'

describe.skipIf(!isFull)('a machine whose first disk has an older system, and its second the one that was chosen', () => {
  let world: NetbootWorld
  let disks: readonly string[]
  let home: ReturnType<typeof makeHome>
  let loaders = ''
  beforeAll(async () => {
    requireMeans()
    home = makeHome('chosen-disk')
    const ramdisk = buildImage(home.dataDir, 'ramdisk')
    const signed = Object.fromEntries(['shimx64.efi', 'grubx64.efi'].map((name) => [name, path.join(ramdisk, name)]))
    loaders = mkdtempSync(path.join(os.tmpdir(), 'sc-chosen-disk-'))
    await buildLoaders({ outDir: loaders }, () => undefined)
    world = await openNetbootWorld({ files: { 'snponly.efi': path.join(loaders, 'snponly.efi'), 'undionly.kpxe': path.join(loaders, 'undionly.kpxe'), 'localboot.efi': path.join(loaders, 'localboot.efi'), ...signed } })
    disks = [makeOlderDisk(world.folder, wrongWords), makeOurDisk(world.folder, rootUuid, rightWords)]
    bridgeTap(world.clientSpace)
  })
  afterAll(async () => {
    await world?.close()
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
    if (loaders !== '') rmSync(loaders, { recursive: true, force: true })
  })

  /** Boots the machine and says which of its two systems started. */
  async function started(number: number, firmware: FirmwareKind, knows: boolean): Promise<string> {
    const mac = `52:54:00:77:06:0${number}`
    await world.change({ machine: [mac, { id: `m${number}`, hostname: 'node1', decision: 'localDisk', address: null, hasSecureBoot: firmware === 'secureBoot', ...(knows ? { rootUuid } : {}) }] })
    const serial = path.join(world.folder, `${number}.log`)
    const machine = powerOn(world.clientSpace, {
      kind: firmware, mac, variables: path.join(world.folder, `${number}.fd`), card: firmware === 'secureBoot' ? ',romfile=' : '', serial: `file:${serial}`,
      more: disks.flatMap((file, i) => ['-drive', `if=none,id=d${i},format=raw,snapshot=on,file=${file}`, '-device', `virtio-blk-pci,drive=d${i},bootindex=${i + 1}`]),
    })
    try {
      await world.event('script.rendered', (event) => event.mac === mac && event.script === 'localDisk', 240)
      for (let tries = 0; tries < 480; tries += 1) {
        const text = readFileSync(serial, 'latin1')
        const words = [wrongWords, rightWords].find((one) => text.includes(one))
        if (words !== undefined) return words
        await wait(500)
      }
      throw new Error(`no system started: ${readFileSync(serial, 'latin1').replaceAll(/[^\n\u0020-\u007e]/g, '').slice(-3000)}`)
    } finally {
      await machine.pull()
    }
  }

  it('starts the chosen one by BIOS', async () => { expect(await started(4, 'bios', true)).toBe(rightWords) }, 600_000)
  it('would start the older one by BIOS where nothing is known of its root', async () => { expect(await started(5, 'bios', false)).toBe(wrongWords) }, 600_000)
  it('starts the chosen one by UEFI', async () => { expect(await started(1, 'uefi', true)).toBe(rightWords) }, 600_000)
  it('would start the older one by UEFI where nothing is known of its root', async () => { expect(await started(2, 'uefi', false)).toBe(wrongWords) }, 600_000)
  it('starts the chosen one with Secure Boot', async () => { expect(await started(3, 'secureBoot', true)).toBe(rightWords) }, 600_000)
})
