import type { Inventory } from '#contract/inventory'
import type { Phase } from '#contract/lifecycle'
import { type Machine, Machine as MachineSchema } from '#contract/operator-api'
import { type StepKind, type StepState, stepKinds } from '#contract/steps'

/** The order of a deploy's steps, as this fixture plays them. */
export const deploySteps: readonly StepKind[] = stepKinds.filter((kind) => kind !== 'eraseDisk' && kind !== 'leaveCloud')

const step = (kind: StepKind): StepState => ({ kind, status: 'waiting', startedAt: null, finishedAt: null, bytesDone: null, bytesTotal: null, bytesPerSecond: null, detail: '' })
/** Steps that have not begun. */
export const freshSteps = (): StepState[] => deploySteps.map(step)

/** A machine in a few words. */
export interface Sketch { name: string, phase: Phase, role?: string, firmware?: 'bios' | 'uefi', contents?: string, disks?: number, manual?: boolean, problem?: string, attention?: string }

/** A whole machine from a few words; `n` makes its identifiers its own. */
export function makeMachine(n: number, sketch: Sketch, now: number): Machine {
  const tail = (0x10 + n).toString(16).padStart(4, '0')
  const mac = `52:54:00:5c:${tail.slice(0, 2)}:${tail.slice(2)}`
  const { phase, firmware = n % 2 === 0 ? 'uefi' : 'bios', role } = sketch
  const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString()
  const settled = phase === 'ready' || phase === 'silent'
  return MachineSchema.parse({
    id: `m${n}`, name: sketch.name, mac, macs: [mac], phase, role: settled ? (role ?? null) : null, generation: role ? 1 : 0,
    intent: { generation: role ? 1 : 0, role: role ?? null, imageId: role ? 'debian-13' : null, diskSerial: null, erase: false, release: phase === 'releasing' },
    address: `10.77.${n >> 8}.${100 + (n % 150)}`, uuid: phase === 'seen' ? null : uuidOf(n), firmware: phase === 'seen' ? null : firmware,
    bootPath: firmware === 'uefi' ? 'UEFI x64, TFTP, snponly.efi' : 'BIOS, TFTP, undionly.kpxe',
    inventory: phase === 'seen' ? null : makeInventory(n, mac, firmware, sketch), steps: makeSteps(phase, at),
    services: settled && role ? services(role, phase === 'ready', at(4)) : [], problem: sketch.problem ?? null, attention: sketch.attention ?? null,
    power: sketch.manual ? { driver: 'manual', state: 'unknown', can: [], cannotWhy: 'The power driver "manual" cannot press buttons. Press the button of the machine, or choose another driver.' } : { driver: 'lab', state: phase === 'silent' ? 'unknown' : 'on', can: ['on', 'off', 'cycle'], cannotWhy: '' },
    metrics: phase === 'ready' ? { load1: 0.12 * n, memoryTotalBytes: 2 ** 31, memoryAvailableBytes: 1.4 * 2 ** 30, diskTotalBytes: 20e9, diskFreeBytes: 16.2e9, uptimeSeconds: 5400 + 60 * n } : null,
    firstSeenAt: at(4000), lastSeenAt: at(phase === 'silent' ? 640 : 3), phaseSince: at(120 * n), phaseDeadline: phase === 'deploying' ? at(-600) : null, lastSeq: 0,
  })
}

const uuidOf = (n: number): string => `4c4c4544-0000-4000-8000-${(0x10 + n).toString(16).padStart(12, '0')}`

function makeInventory(n: number, mac: string, firmware: 'bios' | 'uefi', { contents = 'blank', disks = 1 }: Sketch): Inventory {
  const disk = (index: number): Inventory['disks'][number] => ({ name: `vd${'abcd'[index] ?? 'z'}`, model: index === 0 ? 'QEMU HARDDISK' : 'SAMSUNG MZQL21T9HCJR', serial: `SC-DISK-${n}-${index}`, wwn: '', sizeBytes: index === 0 ? 20 * 2 ** 30 : 1_920_383_410_176, rotational: false, transport: index === 0 ? 'virtio' : 'nvme', removable: false, contents: index === 0 ? contents : 'GPT: ext4 "srv" 1.9 TB' })
  return {
    uuid: uuidOf(n), manufacturer: 'QEMU', product: firmware === 'uefi' ? 'Standard PC (Q35 + ICH9, 2009)' : 'Standard PC (i440FX + PIIX, 1996)', serial: `SC-LAB-${n}`, assetTag: '',
    firmware, firmwareVersion: firmware === 'uefi' ? 'EDK II 2022.11' : 'SeaBIOS 1.16.2', secureBoot: false, cpuModel: 'Intel Core i7 9xx (Nehalem Class Core i7)', cpus: 1, architecture: 'x86_64', memoryBytes: 2 ** 31,
    disks: Array.from({ length: disks }, (_, index) => disk(index)),
    nics: [{ name: 'eth0', mac, link: true, speedMbps: 10_000, driver: 'virtio_net', boot: true, lldp: { chassis: '00:11:22:33:44:55', port: `Ethernet1/${n}`, systemName: 'leaf-a', portDescription: `rack 1, unit ${n}` } }],
    kernel: '6.12.48+deb13-amd64',
  }
}

/** The services of a role, healthy or not. */
export function services(role: string, healthy: boolean, checkedAt: string): Machine['services'] {
  const names = role === 'manager' ? ['Swarm manager', 'Image registry', 'HAProxy'] : ['Swarm worker']
  return names.map((name) => ({ name, healthy, detail: healthy ? `answered in ${3 + name.length} ms` : 'no answer within 3 s', checkedAt }))
}

function makeSteps(phase: Phase, at: (secondsAgo: number) => string): StepState[] {
  const runs: Partial<Record<Phase, number>> = { deploying: deploySteps.indexOf('writeImage'), starting: deploySteps.indexOf('applyRole'), failed: deploySteps.indexOf('writeImage'), ready: deploySteps.length, silent: deploySteps.length }
  const running = runs[phase]
  if (running === undefined) return []
  return freshSteps().map((each, index) => {
    const bytes = each.kind === 'writeImage' ? { bytesTotal: 1_290_000_000, bytesDone: index < running ? 1_290_000_000 : 544_000_000, bytesPerSecond: 38_400_000 } : {}
    if (index < running) return { ...each, ...bytes, status: 'done', startedAt: at(100 - index * 10), finishedAt: at(92 - index * 10), detail: '' }
    if (index > running) return each
    return { ...each, ...bytes, status: phase === 'failed' ? 'failed' : 'running', startedAt: at(22), finishedAt: phase === 'failed' ? at(8) : null, detail: phase === 'failed' ? 'blk_update_request: I/O error, dev vda, sector 1184424 op 0x1:(WRITE)' : 'Chunk 64 of 152' }
  })
}

/** The three blank machines of a lab. */
export const labFleet: readonly Sketch[] = [{ name: 'sc-01', phase: 'discovered', firmware: 'bios' }, { name: 'sc-02', phase: 'discovered', firmware: 'uefi', contents: 'GPT: vfat EFI, ext4 "debian" 18 GB', disks: 2 }, { name: 'sc-03', phase: 'seen', manual: true }]

/** One machine in each phase, for looking at. */
export const phaseFleet: readonly Sketch[] = [
  { name: 'manager-a', phase: 'ready', role: 'manager' }, { name: 'app-01', phase: 'ready', role: 'appserver' }, { name: 'app-02', phase: 'deploying', role: 'appserver' }, { name: 'app-03', phase: 'starting', role: 'appserver' },
  { name: 'sc-07', phase: 'discovered', disks: 2, contents: 'GPT: vfat EFI, ext4 "debian" 18 GB' }, { name: 'sc-08', phase: 'seen', manual: true, attention: 'Press the power button of sc-08, so that it boots from the network.' },
  { name: 'app-04', phase: 'failed', role: 'appserver', problem: 'Writing the image failed: the disk reported an I/O error at sector 1184424. Check or replace the disk SC-DISK-7-0, then retry.' },
  { name: 'app-05', phase: 'silent', role: 'appserver', problem: 'It has not reported for 10 minutes. Check its power and its network cable.' }, { name: 'app-06', phase: 'releasing', role: 'appserver' },
] satisfies readonly Sketch[]

