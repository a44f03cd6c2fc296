import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildLoaders } from '#images/build/loaders'
import { findBuild } from '#images/build/manifest'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'
import { makeOlderDisk, makeOurDisk } from './talking-disks.ts'

const dataDir = process.env['SYSTEM_CLOUD_LAB_IMAGES'] ?? '/tmp/system-cloud-lab-images'
const ramdisk = findBuild(dataDir, 'ramdisk') ?? '/nowhere'
const signed = Object.fromEntries(['shimx64.efi', 'grubx64.efi'].map((name) => [name, path.join(ramdisk, name)]))
const ovmf = (kind: string): { code: string; variables: string } => ({ code: `/usr/share/OVMF/OVMF_CODE_4M${kind === 'ms' ? '.secboot' : ''}.fd`, variables: `/usr/share/OVMF/OVMF_VARS_4M${kind === 'ms' ? '.ms' : ''}.fd` })
const qemu = '/usr/bin/qemu-system-x86_64'
const missing = [qemu, ...Object.values(signed), ...['', 'ms'].flatMap((kind) => Object.values(ovmf(kind)))].filter((file) => !existsSync(file))
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('chosen disk: skipped, a part of the full run')

const rootUuid = '5c10ad00-0000-4000-a000-000000000001'
const wrongWords = 'THE-OLDER-SYSTEM-STARTS'
const rightWords = 'THE-CHOSEN-SYSTEM-STARTS'

describe.skipIf(!isFull)('a machine whose first disk has an older system, and its second the one that was chosen', () => {
  let world: NetbootWorld
  let disks: readonly string[]
  let loaders = ''
  beforeAll(async () => {
    // A full run that lacks its means has failed: a skip would hide it.
    if (missing.length > 0) throw new Error(`there is no ${missing.join(', ')}`)
    loaders = mkdtempSync(path.join(os.tmpdir(), 'sc-chosen-disk-'))
    await buildLoaders({ outDir: loaders }, () => undefined)
    world = await openNetbootWorld({ files: { 'snponly.efi': path.join(loaders, 'snponly.efi'), 'undionly.kpxe': path.join(loaders, 'undionly.kpxe'), 'localboot.efi': path.join(loaders, 'localboot.efi'), ...signed } })
    disks = [makeOlderDisk(world.folder, wrongWords), makeOurDisk(world.folder, rootUuid, rightWords)]
    const ip = (...argv: string[]): void => { execFileSync('ip', ['-n', world.clientSpace, ...argv]) }
    ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    ip('tuntap', 'add', 'tap0', 'mode', 'tap')
    for (const port of ['eth0', 'tap0']) ip('link', 'set', port, 'master', 'br0')
    for (const link of ['tap0', 'br0']) ip('link', 'set', link, 'up')
  })
  afterAll(async () => { await world?.close(); if (loaders !== '') rmSync(loaders, { recursive: true, force: true }) })

  /** Boots the machine and says which of its two systems started. */
  async function started(number: number, firmware: 'bios' | 'uefi' | 'secureBoot', knows: boolean): Promise<string> {
    const mac = `52:54:00:77:06:0${number}`
    await world.change({ machine: [mac, { id: `m${number}`, hostname: 'node1', decision: 'localDisk', address: null, hasSecureBoot: firmware === 'secureBoot', ...(knows ? { rootUuid } : {}) }] })
    const { code, variables } = ovmf(firmware === 'secureBoot' ? 'ms' : '')
    const [own, serial] = [path.join(world.folder, `${number}.fd`), path.join(world.folder, `${number}.log`)]
    copyFileSync(variables, own)
    const machine = spawn('ip', ['netns', 'exec', world.clientSpace, qemu, '-machine', `q35${firmware === 'secureBoot' ? ',smm=on' : ''}`, '-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'Nehalem', '-smp', '1', '-m', '1024', '-display', 'none', '-nodefaults',
      ...(firmware === 'secureBoot' ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []), ...(firmware === 'bios' ? [] : ['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${code}`, '-drive', `if=pflash,format=raw,unit=1,file=${own}`]),
      ...disks.flatMap((file, i) => ['-drive', `if=none,id=d${i},format=raw,snapshot=on,file=${file}`, '-device', `virtio-blk-pci,drive=d${i},bootindex=${i + 1}`]),
      '-serial', `file:${serial}`, '-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no', '-device', `virtio-net-pci,netdev=n0,mac=${mac},bootindex=0${firmware === 'secureBoot' ? ',romfile=' : ''}`, '-device', 'virtio-rng-pci'], { stdio: 'ignore' })
    const ended = new Promise((resolve) => { machine.once('exit', resolve) })
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
      machine.kill('SIGKILL')
      await ended
    }
  }

  it('starts the chosen one by BIOS', async () => { expect(await started(4, 'bios', true)).toBe(rightWords) }, 600_000)
  it('would start the older one by BIOS where nothing is known of its root', async () => { expect(await started(5, 'bios', false)).toBe(wrongWords) }, 600_000)
  it('starts the chosen one by UEFI', async () => { expect(await started(1, 'uefi', true)).toBe(rightWords) }, 600_000)
  it('would start the older one by UEFI where nothing is known of its root', async () => { expect(await started(2, 'uefi', false)).toBe(wrongWords) }, 600_000)
  it('starts the chosen one with Secure Boot', async () => { expect(await started(3, 'secureBoot', true)).toBe(rightWords) }, 600_000)
})
