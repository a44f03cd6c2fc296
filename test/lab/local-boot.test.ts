import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildLoaders } from '#images/build/loaders'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'
import { buildImage, makeHome } from './appliance.ts'
import { bridgeTap, powerOn, requireMeans, type FirmwareKind } from './firmware.ts'
import { diskFields, RamdiskWorld, type WorldDisk } from './ramdisk-world.ts'

const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('local boot: skipped, a part of the full run')

const rootUuid = '5c10ad00-0000-4000-8000-00000000000d'

/** What the installed system says of itself. */
interface Word { root: string; kernel: string; secureBoot: number | null; lockdown: string; said: string[]; upSeconds: number; ssh: string }

/** In the agent's place, started as it is: says over the boot server's log what firmware and kernel make of Secure Boot. */
const teller = `
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
const run = (...words) => { try { return execFileSync(words[0], words.slice(1)).toString().trim() } catch (error) { return String(error) } }
const read = (file) => (existsSync(file) ? readFileSync(file) : undefined)
const upSeconds = Number(read('/proc/uptime').toString().split(' ')[0])
const word = {
  root: run('findmnt', '-no', 'UUID', '/'), kernel: run('uname', '-r'), secureBoot: read('/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c')?.[4] ?? null,
  lockdown: read('/sys/kernel/security/lockdown')?.toString().trim() ?? '', said: run('dmesg').split('\\n').filter((line) => /secure ?boot|Kernel is locked down/i.test(line)).map((line) => line.slice(0, 120)).slice(0, 4), upSeconds, ssh: run('systemctl', 'is-active', 'ssh.service'),
}
while (!existsSync('/etc/system-cloud/first-boot-done')) await new Promise((resolve) => setTimeout(resolve, 500))
execFileSync('sync')
const mac = readFileSync('/sys/class/net/eth0/address', 'utf8').trim()
for (;;) { try { const { status } = await fetch('http://10.77.0.1/log/' + mac, { method: 'POST', body: 'ir ' + JSON.stringify(word) + '\\n' }); if (status === 204) break } catch { await new Promise((resolve) => setTimeout(resolve, 200)) } }
`

type Firmware = readonly [title: string, number: number, kind: FirmwareKind, card: '' | ',romfile=']

describe.skipIf(!isFull)('the real image, started from its disk by firmware that asks the network first', () => {
  let home: ReturnType<typeof makeHome>
  let world: NetbootWorld
  let disk = ''
  let loaders = ''

  beforeAll(async () => {
    requireMeans()
    home = makeHome('local-boot')
    const ramdisk = buildImage(home.dataDir, 'ramdisk')
    disk = await deploy(ramdisk, buildImage(home.dataDir, 'debian-13'))
    loaders = mkdtempSync(path.join(os.tmpdir(), 'sc-local-boot-'))
    await buildLoaders({ outDir: loaders }, () => undefined)
    const ours = ['snponly.efi', 'undionly.kpxe', 'localboot.efi'].map((name) => [name, path.join(loaders, name)])
    world = await openNetbootWorld({ files: Object.fromEntries([...ours, ...['shimx64.efi', 'grubx64.efi', 'vmlinuz', 'initrd.img'].map((name) => [name, path.join(ramdisk, name)])]) })
    bridgeTap(world.clientSpace)
  })
  afterAll(async () => {
    await world?.close()
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
    if (loaders !== '') rmSync(loaders, { recursive: true, force: true })
  })

  /** Installs the image as the appliance orders it; the file of the disk, in the home. */
  async function deploy(ramdisk: string, image: string): Promise<string> {
    const installer = await RamdiskWorld.open(ramdisk)
    try {
      installer.image = image
      const files = path.join(installer.folder, 'files')
      for (const folder of ['usr/lib/system-cloud', 'etc/system-cloud']) mkdirSync(path.join(files, folder), { recursive: true })
      writeFileSync(path.join(files, 'etc/hostname'), 'local-boot\n')
      writeFileSync(path.join(files, 'etc/system-cloud/agent.json'), '{}')
      writeFileSync(path.join(files, 'usr/lib/system-cloud/agent.mjs'), teller)
      installer.filesTar = execFileSync('tar', ['-c', '--owner=0', '--group=0', '-C', files, '.'], { maxBuffer: 64 * 1024 ** 2 })
      const target: WorldDisk = { file: installer.blank('disk'), bus: 'virtio', serial: 'LOCAL-BOOT' }
      const inventory = await installer.bootRamdisk([target], { kernel: ['loglevel=7'] })
      const fields = { ...diskFields(inventory, target.serial), generation: 1, rootUuid }
      for (const [kind, more] of [['partitionDisk', { keepData: 1 }], ['writeImage', { image: 'debian-13' }], ['configureSystem', {}]] as const) expect(await installer.order(kind, { ...fields, ...more }, 600)).toEqual({ status: 'done', detail: '' })
      await installer.order('poweroff', { generation: 1 })
      await installer.unplug()
      const kept = path.join(home.home, 'disk.raw')
      execFileSync('cp', ['--sparse=always', target.file, kept])
      return kept
    } finally {
      await installer.close()
    }
  }

  /** Switches the machine on, prints how far it was when, and resolves to what its installed system says. */
  async function boot([title, number, kind, card]: Firmware, keeps: boolean): Promise<Word> {
    const mac = `52:54:00:77:07:0${number}`
    await world.change({ machine: [mac, { id: `m${number}`, hostname: 'node1', decision: 'localDisk', address: null, hasSecureBoot: kind === 'secureBoot', rootUuid }] })
    world.events.length = 0
    const serial = path.join(world.folder, `${number}.log`)
    writeFileSync(serial, '')
    const beganMs = performance.now()
    const machine = powerOn(world.clientSpace, {
      kind, mac, card, variables: path.join(world.folder, `${number}.fd`), memoryMiB: 2048, serial: `file:${serial}`,
      more: ['-drive', `if=none,id=d0,format=raw,cache=unsafe,${keeps ? '' : 'snapshot=on,'}file=${disk}`, '-device', 'virtio-blk-pci,drive=d0,serial=LOCAL-BOOT,bootindex=1'],
    })
    const said: string[] = []
    const say = (what: string): void => { said.push(`${what} ${((performance.now() - beganMs) / 1000).toFixed(1)} s`) }
    const screen = (): string => readFileSync(serial, 'latin1').replaceAll(/[^\n\u0020-\u007e]/g, '')
    try {
      await world.event('dhcp.discovered', (event) => event.mac === mac, 240)
      say('first packet')
      await world.event('script.rendered', (event) => event.mac === mac && event.script === 'localDisk', 240)
      say('script')
      for (const end = Date.now() + 300_000; !/Linux version/.test(screen()); await wait(50)) if (Date.now() > end) throw new Error('no kernel started')
      say('kernel')
      await world.event('dhcp.acked', (event) => event.mac === mac && event.bootFile === null, 300)
      say('address')
      const { lines } = await world.event('log.lines', (event) => event.mac === mac && event.lines.some(({ text }) => text.startsWith('{"root"')), 420)
      say('agent')
      return JSON.parse(lines.find(({ text }) => text.startsWith('{"root"'))?.text ?? '') as Word
    } catch (error) {
      console.log(`${title}: ${said.join(', ')}\n${world.events.map((event) => `${event.kind} ${'file' in event ? event.file : ''}`).join('\n')}\n${screen().slice(-3000)}`)
      throw error
    } finally {
      console.log(`local boot, ${title}: from power-on ${said.join(', ')}`)
      await machine.pull()
    }
  }

  it('first of all makes its identity', async () => {
    const word = await boot(['SeaBIOS, first boot after the deploy', 1, 'bios', ''], true)
    expect(word).toMatchObject({ root: rootUuid, secureBoot: null })
  }, 900_000)

  it.each<Firmware>([
    ['SeaBIOS, iPXE ROM', 2, 'bios', ''],
    ['OVMF, iPXE ROM', 3, 'uefi', ''],
    ['OVMF, its own PXE', 4, 'uefi', ',romfile='],
  ])('%s', async (...firmware) => {
    const word = await boot(firmware, false)
    expect(word).toMatchObject({ root: rootUuid, ssh: 'active' })
    expect(word.secureBoot).toBe(firmware[2] === 'bios' ? null : 0)
  }, 900_000)

  it('OVMF with Secure Boot, whose kernel is locked down', async () => {
    const word = await boot(['OVMF, Secure Boot, its own PXE', 5, 'secureBoot', ',romfile='], false)
    console.log(`local boot, Secure Boot: efivar SecureBoot=${word.secureBoot}, lockdown ${word.lockdown}; ${word.said.join('; ')}`)
    expect(word).toMatchObject({ root: rootUuid, secureBoot: 1 })
    expect(word.lockdown).toMatch(/\[(integrity|confidentiality)\]/)
  }, 900_000)
})
