import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { diagnose } from '#control/blackbox/diagnose'
import { readPackets } from '#control/blackbox/read-packets'
import { splitSessions } from '#control/blackbox/sessions'
import { buildLoaders } from '#images/build/loaders'
import { decodePcap } from '#netboot/codec/pcap'
import type { DiskBoot } from '#netboot/site'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'
import { context } from '../sim/made-story.ts'

const ovmf = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' }
const qemu = '/usr/bin/qemu-system-x86_64'
const missing = [qemu, '/usr/lib/ipxe/snponly.efi', '/usr/bin/grub-mkimage', '/usr/bin/mformat', '/usr/sbin/sgdisk', ...Object.values(ovmf)].filter((file) => !existsSync(file))
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('local boot: skipped, a part of the full run')
else if (missing.length > 0) console.log(`local boot: SKIPPED, there is no ${missing.join(', ')}`)

const folder = mkdtempSync(path.join(os.tmpdir(), 'sc-local-boot-'))
const marker = 'SC-LOCAL-DISK'

/** A disk whose BIOS boot sector and whose EFI loader print a word on the serial line and stop. */
function makeDisk(file: string): void {
  writeFileSync(file, '')
  truncateSync(file, 80 * 1024 * 1024)
  execFileSync('sgdisk', ['-n', '1:2048:0', '-t', '1:ef00', file], { stdio: 'ignore' })
  const config = path.join(folder, 'marker.cfg')
  writeFileSync(config, `serial --unit=0 --speed=115200\nterminal_output serial\necho ${marker}\nsleep 600\n`)
  execFileSync('grub-mkimage', ['-O', 'x86_64-efi', '-o', path.join(folder, 'marker.efi'), '-p', '/EFI/BOOT', '-c', config, 'serial', 'terminal', 'echo', 'sleep', 'normal'])
  const part = `${file}@@1M`
  execFileSync('mformat', ['-i', part, '-F', '-T', String(77 * 2048), '-h', '64', '-s', '32', '::'])
  for (const name of ['::/EFI', '::/EFI/BOOT', '::/EFI/debian']) execFileSync('mmd', ['-i', part, name])
  execFileSync('mcopy', ['-i', part, path.join(folder, 'marker.efi'), '::/EFI/BOOT/BOOTX64.EFI'])
  execFileSync('mcopy', ['-i', part, config, '::/EFI/debian/grub.cfg'])
  // ds = 0, si = the text behind; each byte to the UART at 3f8 until a 0; then halt.
  const code = Buffer.from('31c08ed8be157cac84c07406baf803eeebf5f4ebfd', 'hex')
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.concat([code, Buffer.from(`${marker}\r\n\0`)]), 0, undefined, 0)
  closeSync(handle)
}

describe.skipIf(!isFull || missing.length > 0)('into the disk on real firmware, network first', () => {
  let world: NetbootWorld
  let count = 0
  const packets = path.join(folder, 'packets')

  beforeAll(async () => {
    await buildLoaders({ outDir: folder }, () => undefined)
    const file = (name: string): string => path.join(folder, name)
    writeFileSync(file('kernel'), 'never asked for')
    world = await openNetbootWorld({ files: { 'undionly.kpxe': file('undionly.kpxe'), 'snponly.efi': file('snponly.efi'), 'localboot.efi': file('localboot.efi'), vmlinuz: file('kernel'), 'initrd.img': file('kernel') }, packetFolder: packets })
    const ip = (...words: string[]): void => { execFileSync('ip', ['-n', world.clientSpace, ...words]) }
    ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    ip('tuntap', 'add', 'tap0', 'mode', 'tap')
    for (const port of ['eth0', 'tap0']) ip('link', 'set', port, 'master', 'br0')
    for (const link of ['tap0', 'br0']) ip('link', 'set', link, 'up')
  })
  afterAll(async () => { await world?.close(); rmSync(folder, { recursive: true, force: true }) })

  it.each<[title: string, isUefi: boolean, card: string, disk: DiskBoot | null, taken: DiskBoot]>([
    ['SeaBIOS by INT 13h', false, '', null, 'sanboot'],
    ['SeaBIOS by its next boot entry', false, '', 'exit', 'exit'],
    ['OVMF with iPXE in the card by GRUB', true, '', null, 'grub'],
    ['OVMF with its own PXE by GRUB', true, ',romfile=', null, 'grub'],
    ['OVMF with its own PXE by its next boot entry', true, ',romfile=', 'exit', 'exit'],
  ])('%s', async (title, isUefi, card, disk, taken) => {
    const mac = `52:54:00:77:02:${(count += 1).toString(16).padStart(2, '0')}`
    await world.change({ machine: [mac, { id: mac, hostname: null, decision: 'localDisk', address: null, ...(disk === null ? {} : { bootPath: { disk } }) }] })
    const [variables, image, serial] = ['fd', 'img', 'log'].map((end) => path.join(folder, `${count}.${end}`)) as [string, string, string]
    if (isUefi) copyFileSync(ovmf.variables, variables)
    makeDisk(image)
    const began = performance.now()
    const machine = spawn('ip', ['netns', 'exec', world.clientSpace, qemu, '-machine', 'q35,accel=tcg', '-cpu', 'Nehalem,cx16=off', '-smp', '1', '-m', '512', '-display', 'none', '-serial', `file:${serial}`,
      ...(isUefi ? ['-drive', `if=pflash,format=raw,readonly=on,file=${ovmf.code}`, '-drive', `if=pflash,format=raw,file=${variables}`] : []),
      '-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no', '-device', `virtio-net-pci,netdev=n0,mac=${mac},bootindex=0${card}`,
      '-drive', `file=${image},if=none,id=d0,format=raw`, '-device', 'virtio-blk-pci,drive=d0,bootindex=1'], { stdio: 'ignore' })
    try {
      await vi.waitFor(() => expect(readFileSync(serial, 'latin1')).toContain(marker), { timeout: 240_000, interval: 100 })
      console.log(`${title}: in its disk after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      expect((await world.event('script.rendered', (event) => event.mac === mac)).disk).toBe(taken)
    } finally {
      const ended = new Promise((resolve) => { machine.once('exit', resolve) })
      machine.kill('SIGKILL')
      await ended
    }
    // Its packets, as they were recorded, show one healthy boot.
    const sessions = await vi.waitFor(() => {
      const decoded = decodePcap(readFileSync(path.join(packets, `${mac.replaceAll(':', '')}.pcap`)))
      const found = decoded.ok ? splitSessions(readPackets(decoded.value.frames, mac), mac) : []
      expect(found.at(-1)?.moments.some((moment) => moment.kind === 'http' && moment.path.startsWith('/boot/'))).toBe(true)
      return found
    }, { timeout: 15_000, interval: 200 })
    expect(sessions.flatMap((_, index) => diagnose(sessions, index, { ...context(0), nowMs: Date.now() }).map(({ id }) => id))).toEqual([])
  })
})
