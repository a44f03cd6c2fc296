import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { makePaint } from '#cli/show/paint'
import { renderPlan } from '#cli/show/plan'
import type { Disk } from '#contract/inventory'
import type { Image, Machine, Plan } from '#contract/operator-api'
import { chooseDisk } from './choose-disk.ts'
import { planRole } from './plan-role.ts'

const gb = 1000 ** 3
const disk = (over: Partial<Disk> = {}): Disk => ({ name: 'vda', model: 'QEMU', serial: 'S1', wwn: '', sizeBytes: 20 * gb, rotational: false, transport: 'virtio', removable: false, contents: 'blank', ...over })

describe('chooseDisk', () => {
  it.each([
    ['the only one', [disk()], undefined, 'serial:S1'],
    ['the smallest solid-state one', [disk({ serial: 'HDD', rotational: true, sizeBytes: 10 * gb }), disk({ serial: 'BIG', sizeBytes: 900 * gb }), disk({ serial: 'SSD', sizeBytes: 100 * gb })], undefined, 'serial:SSD'],
    ['never a removable one', [disk({ serial: 'USB', sizeBytes: 9 * gb, removable: true }), disk({ serial: 'SSD', sizeBytes: 100 * gb })], undefined, 'serial:SSD'],
    ['the one that was named', [disk(), disk({ serial: 'S2', sizeBytes: 100 * gb })], 'serial:S2', 'serial:S2'],
    ['the one that was named by its serial alone', [disk(), disk({ serial: 'S2' })], 'S2', 'serial:S2'],
    ['WWN before serial', [disk({ wwn: '0x5000c5' })], undefined, 'wwn:0x5000c5'],
  ])('%s', (_, disks, identity, wanted) => expect(chooseDisk(disks, identity)).toMatchObject({ option: { identity: wanted } }))

  it.each([
    ['no disk at all', [], undefined, 'has no disk'],
    ['all too small', [disk({ sizeBytes: 2 * gb })], undefined, 'smaller than 8 GB'],
    ['an unknown one', [disk()], 'serial:NOPE', 'there is no disk serial:NOPE'],
    ['a removable one by name', [disk({ removable: true })], 'serial:S1', 'removable'],
    ['two with one serial', [disk(), disk({ name: 'vdb' })], 'serial:S1', 'cannot be told apart'],
  ])('refuses %s', (_, disks, identity, words) => expect(chooseDisk(disks, identity)).toContain(words))
})

const machine = (over: Partial<Machine> = {}): Machine => ({
  id: 'm1', name: 'node-1', mac: '52:54:00:00:00:01', macs: [], phase: 'discovered', role: null, generation: 3, address: null, uuid: null, firmware: 'bios', bootPath: '',
  intent: { generation: 3, role: null, imageId: null, diskSerial: null, erase: false, release: false },
  inventory: { uuid: null, manufacturer: '', product: '', serial: '', assetTag: '', firmware: 'bios', firmwareVersion: '', secureBoot: false, cpuModel: '', cpus: 1, architecture: 'x86_64', memoryBytes: 2e9, disks: [disk()], nics: [], kernel: '' },
  steps: [], services: [], problem: null, attention: null, power: { driver: 'manual', state: 'unknown', can: [], cannotWhy: '', options: {} }, claims: [], metrics: null, firstSeenAt: '', lastSeenAt: '', phaseSince: '', phaseDeadline: null, lastSeq: 0, ...over,
})
const image: Image = { id: 'debian-13', title: 'Debian 13', kind: 'os', state: 'ready', step: '', percent: null, sizeBytes: 1e9, hash: 'h', builtAt: null, error: null }
const manager = { id: 'manager', title: 'Manager', imageId: 'debian-13', services: ['Swarm manager'] }
const none = { refusals: [], warnings: [] }

describe('planRole', () => {
  it('names the disk, says that it is erased, and lists the steps', () => {
    const plan = planRole(machine(), manager, image, undefined, none, 'manager')
    expect(plan.refusals).toEqual([])
    expect(plan.disk).toMatchObject({ identity: 'serial:S1', erased: true, why: 'the only usable disk' })
    expect(plan.generation).toBe(3)
    expect(plan.steps.map((step) => step.kind)).toEqual(['bootRamdisk', 'partitionDisk', 'writeImage', 'configureSystem', 'bootDisk', 'enrolAgent', 'applyRole', 'verifyServices'])
  })

  it('keeps the disk of a machine that runs the image already', () => {
    const ready = machine({ phase: 'ready', role: 'appserver', intent: { generation: 3, role: 'appserver', imageId: 'debian-13', diskSerial: 'serial:S1', erase: false, release: false } })
    const plan = planRole(ready, manager, image, undefined, none, 'manager')
    expect(plan.disk).toBeNull()
    expect(plan.steps.map((step) => step.kind)).toEqual(['applyRole', 'verifyServices'])
  })

  it.each([
    ['an unknown role', planRole(machine(), undefined, undefined, undefined, none, 'nonsense'), 'there is no role “nonsense”'],
    ['a machine that is busy', planRole(machine({ phase: 'deploying' }), manager, image, undefined, none, 'manager'), 'the machine is deploying'],
    ['a machine that said nothing yet', planRole(machine({ phase: 'seen', inventory: null }), manager, image, undefined, none, 'manager'), 'boot it from the network first'],
    ['what the role itself refuses', planRole(machine(), manager, image, undefined, { refusals: ['assign a Manager first'], warnings: [] }, 'manager'), 'assign a Manager first'],
    ['an image that could not be built', planRole(machine(), manager, { ...image, state: 'failed', error: 'no mirror' }, undefined, none, 'manager'), 'no mirror'],
  ])('refuses %s', (_, plan, words) => expect(plan.refusals.join(' ')).toContain(words))

  it('warns of a disk that is not blank and of an image that is not ready', () => {
    const plan = planRole(machine({ inventory: { ...(machine().inventory as NonNullable<Machine['inventory']>), disks: [disk({ contents: 'GPT, ext4' })] } }), manager, { ...image, state: 'building' }, undefined, none, 'manager')
    expect(plan.warnings.join(' ')).toMatch(/GPT, ext4.*|still being built/)
    expect(plan.warnings).toHaveLength(2)
  })

  it.each([
    ['gpt: 1 sc-bios, 2 vfat SC-ESP, 3 ext4 sc-root, 4 ext4 sc-srv', 'its data partition (/srv) is kept'],
    ['gpt: 1 vfat EFI, 2 ntfs Windows', 'everything on it is lost'],
    ['gpt: 1 ext4 sc-srv', 'everything on it is lost'],
  ])('says of a disk with %j that %s', (contents, words) => {
    const plan = planRole(machine({ inventory: { ...(machine().inventory as NonNullable<Machine['inventory']>), disks: [disk({ contents })] } }), manager, image, undefined, none, 'manager')
    expect(plan.warnings.join(' ')).toContain(words)
  })
})

describe('plans as text', () => {
  const full = (over: Partial<Disk>[]): Partial<Machine> => ({ inventory: { ...(machine().inventory as NonNullable<Machine['inventory']>), disks: over.map((one) => disk(one)) } })
  const ready: Partial<Machine> = { phase: 'ready', role: 'appserver', intent: { generation: 3, role: 'appserver', imageId: 'debian-13', diskSerial: 'serial:S1', erase: false, release: false } }
  it.each<[string, Machine, Image, string | undefined]>([
    ['blank-machine', machine(), image, undefined],
    ['disk-with-data-while-the-image-is-built', machine(full([{ contents: 'GPT, ext4 "srv"' }])), { ...image, state: 'building' }, undefined],
    ['three-disks', machine(full([{ serial: 'HDD', rotational: true, sizeBytes: 4000 * gb, model: 'Spinning' }, { serial: 'SSD', sizeBytes: 480 * gb, model: 'Fast' }, { serial: 'USB', removable: true, sizeBytes: 16 * gb, model: 'Stick' }])), image, undefined],
    ['disk-chosen-by-a-person', machine(full([{ serial: 'A' }, { serial: 'B', name: 'vdb', sizeBytes: 100 * gb }])), image, 'serial:B'],
    ['another-role-without-another-image', machine(ready), image, undefined],
    ['same-role-again', machine({ ...ready, role: 'manager' }), image, undefined],
    ['refused-before-its-inventory', machine({ phase: 'seen', inventory: null }), image, undefined],
  ])('%s', async (name, of, from, wished) => {
    await expect(render(planRole(of, manager, from, wished, none, 'manager'))).toMatchFileSnapshot(path.join(import.meta.dirname, `../../../test/fixtures/plans/${name}.txt`))
  })
})

/** The plan as the command line shows it, then its steps with their details. */
const render = (plan: Plan): string => `${renderPlan(plan, makePaint(false))}${plan.steps.map((step) => `${step.kind}${step.detail === '' ? '' : `: ${step.detail}`}\n`).join('')}`
