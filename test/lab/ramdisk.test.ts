import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Inventory } from '#contract/inventory'
import { chooseDisk, rateDisks } from '#control/plan/choose-disk'
import { buildImage, makeHome } from './appliance.ts'
import { diskFields, RamdiskWorld, type Fields, type WorldDisk } from './ramdisk-world.ts'

/** `bytes` of a file from `at` (from its end where negative), as a hash. */
function hashOf(file: string, at: number, bytes: number): string {
  const fd = openSync(file, 'r')
  const buffer = Buffer.alloc(bytes)
  readSync(fd, buffer, 0, bytes, at < 0 ? statSync(file).size + at : at)
  closeSync(fd)
  return createHash('sha256').update(buffer).digest('hex')
}

const mebibyte = 1024 ** 2
const zeros = createHash('sha256').update(Buffer.alloc(4 * mebibyte)).digest('hex')

/** What a stranger's tools see on a disk image, partitions included; empty where nothing is. */
const signatures = (file: string, at = 0): string => spawnSync('blkid', ['-p', '-O', String(at), file], { encoding: 'utf8' }).stdout
const dataOffset = (file: string): number => (JSON.parse(execFileSync('sfdisk', ['-J', file]).toString()) as { partitiontable: { partitions: { name: string; start: number }[] } }).partitiontable.partitions.find((one) => one.name === 'sc-srv')!.start * 512
const onData = (file: string, request: string): string => execFileSync('debugfs', ['-w', '-R', request, `${file}?offset=${dataOffset(file)}`], { stdio: ['ignore', 'pipe', 'pipe'] }).toString()

describe('the ramdisk, on disks of every kind', () => {
  const home = makeHome('ramdisk')
  let world: RamdiskWorld
  let inventory: Inventory
  let disks: Record<'virtio' | 'nvme' | 'sata' | 'scsi' | 'locked', WorldDisk>
  const fieldsOf = (disk: WorldDisk, more: Fields = {}): Fields => ({ ...diskFields(inventory, disk.serial), ...more })

  beforeAll(async () => {
    world = await RamdiskWorld.open(buildImage(home.dataDir, 'ramdisk'))
    disks = {
      virtio: { file: world.blank('virtio', 20), bus: 'virtio', serial: 'VIRTIO-1' },
      nvme: { file: world.blank('nvme', 12), bus: 'nvme', serial: 'NVME-1' },
      sata: { file: world.blank('sata', 10), bus: 'sata', serial: 'SATA-1', wwn: '0x5000c500a1b2c3d4', rotational: true },
      scsi: { file: world.blank('scsi', 16), bus: 'scsi', serial: 'SCSI-1', wwn: '0x5000c500a1b2c3d5', rotational: false },
      locked: { file: world.blank('locked', 9), bus: 'scsi', serial: 'SCSI-2', rotational: false, readOnly: true },
    }
    for (const disk of Object.values(disks)) {
      const fd = openSync(disk.file, 'r+')
      for (const at of [0, 8 * mebibyte, statSync(disk.file).size - 512]) writeSync(fd, `somebody's data on ${disk.serial}`, at)
      closeSync(fd)
    }
    inventory = await world.bootRamdisk(Object.values(disks))
    console.log(`the ramdisk: ${world.log.find((line) => line.includes('an address, up'))?.slice(3) ?? ''}`)
  })
  afterAll(async () => {
    await world?.close()
    rmSync(home.home, { recursive: true, force: true })
  })

  it('tells them apart by what they say of themselves', () => {
    const known = Object.fromEntries(inventory.disks.map((disk) => [disk.serial, [disk.transport, disk.sizeBytes / 1024 ** 3, disk.rotational]]))
    expect(known).toMatchObject({ 'NVME-1': ['nvme', 12, false], 'SATA-1': ['sata', 10, true], 'SCSI-1': ['scsi', 16, false], 'VIRTIO-1': ['virtio', 20, expect.any(Boolean)] })
    expect(inventory.disks.find((disk) => disk.serial === 'SATA-1')?.wwn).toBe('naa.5000c500a1b2c3d4')
    expect(rateDisks(inventory.disks).every((option) => option.refusedWhy === null)).toBe(true)
  })

  it('is understood by the rule, and by a person’s hint', () => {
    const choice = (hint?: string): string => { const found = chooseDisk(inventory.disks.filter((disk) => disk.serial !== 'SCSI-2'), hint); return typeof found === 'string' ? found : `${found.option.disk.serial}: ${found.why}` }
    expect(choice()).toBe('NVME-1: the smallest solid-state disk')
    expect(choice('SCSI-1')).toBe('SCSI-1: you chose it')
    expect(choice('wwn:naa.5000c500a1b2c3d4')).toBe('SATA-1: you chose it')
    expect(choice('SATA-9')).toContain('there is no disk SATA-9')
  })

  it('refuses by itself whatever does not agree with the machine, its disk or the newest wish', async () => {
    const before = Object.values(disks).map((disk) => hashOf(disk.file, 0, 16 * mebibyte))
    const newest = await world.order('configureSystem', { ...fieldsOf(disks.sata), generation: 5, rootUuid: '5c10ad00-0000-4000-8000-000000000001' })
    expect(newest).toEqual({ status: 'failed', detail: expect.stringContaining('is not partitioned for this') as string })
    const wrong: [Fields, string][] = [
      [{ machine: '52:54:00:99:00:02' }, "the order is for the machine '52:54:00:99:00:02'"],
      [{ machine: '' }, 'the order is for the machine'],
      [{ uuid: '5c10ad00-0000-4000-8000-5254009900ff' }, 'with UUID'],
      [{ generation: 4 }, 'the order is of generation 4, and generation 5 was heard of'],
      [{ generation: '' }, 'names no generation'],
      [{ disk: 'serial:NOT-THERE' }, "0 disks match 'serial:NOT-THERE'"],
      [{ disk: '' }, "0 disks match ''"],
      [{ serial: 'SATA-2' }, "has the serial number 'SATA-1', and 'SATA-2' was planned"],
      [{ wwn: 'naa.5000c500a1b2c3ff' }, 'has the WWN'],
      [{ sizeSectors: 12345 }, 'has the number of sectors'],
    ]
    for (const kind of ['eraseDisk', 'partitionDisk'] as const) for (const [fields, why] of wrong) {
      const end = await world.order(kind, { ...fieldsOf(disks.sata), generation: 5, keepData: 0, ...fields })
      expect(end, JSON.stringify([kind, fields])).toEqual({ status: 'failed', detail: expect.stringContaining(why) as string })
      expect(end.detail).toContain('nothing was touched')
    }
    expect((await world.order('eraseDisk', { ...fieldsOf(disks.locked), generation: 5 })).detail).toContain('is read-only')
    expect(Object.values(disks).map((disk) => hashOf(disk.file, 0, 16 * mebibyte))).toEqual(before)
  })

  it.each(['virtio', 'nvme', 'sata', 'scsi'] as const)('erases a %s disk so that nothing of its systems is found again, and no other disk', async (bus) => {
    const disk = disks[bus]
    const others = Object.values(disks).filter((one) => one !== disk)
    expect(await world.order('partitionDisk', { ...fieldsOf(disk), generation: 5, keepData: 0 })).toEqual({ status: 'done', detail: '' })
    const data = dataOffset(disk.file)
    expect(signatures(disk.file)).toContain('PTTYPE="gpt"')
    expect(signatures(disk.file, data)).toContain('LABEL="sc-srv"')
    const before = others.map((one) => hashOf(one.file, 0, 4 * mebibyte))
    expect(await world.order('eraseDisk', { ...fieldsOf(disk), generation: 5, full: 0 })).toEqual({ status: 'done', detail: '' })
    expect(world.log.some((line) => line.includes('is erased: it was discarded'))).toBe(true)
    expect([signatures(disk.file), signatures(disk.file, data)]).toEqual(['', ''])
    expect([hashOf(disk.file, 0, 4 * mebibyte), hashOf(disk.file, -4 * mebibyte, 4 * mebibyte)]).toEqual([zeros, zeros])
    expect(others.map((one) => hashOf(one.file, 0, 4 * mebibyte))).toEqual(before)
  })

  it('keeps the data partition over a redeploy, and loses it where an erase was asked for', async () => {
    const { nvme } = disks
    const note = path.join(world.folder, 'note')
    writeFileSync(note, 'written before\n')
    expect((await world.order('partitionDisk', { ...fieldsOf(nvme), generation: 6, keepData: 1 })).status).toBe('done')
    onData(nvme.file, `write ${note} kept`)
    expect((await world.order('partitionDisk', { ...fieldsOf(nvme), generation: 7, keepData: 1 })).status).toBe('done')
    expect(onData(nvme.file, 'cat kept')).toBe('written before\n')
    expect(world.log.some((line) => line.includes('keeps its partitions and its data'))).toBe(true)
    expect((await world.order('eraseDisk', { ...fieldsOf(nvme), generation: 8, full: 0 })).status).toBe('done')
    expect((await world.order('partitionDisk', { ...fieldsOf(nvme), generation: 9, keepData: 1 })).status).toBe('done')
    expect(onData(nvme.file, 'cat kept')).toBe('')
  })

  it('knows no other order, and leaves when it is told to', async () => {
    expect((await world.order('formatEverything', { generation: 9 })).detail).toContain("knows no order 'formatEverything'")
    expect((await world.order('poweroff', { generation: 9 })).status).toBe('done')
  })
})
