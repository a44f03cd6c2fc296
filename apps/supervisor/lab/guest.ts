import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'

/** How a virtual machine's firmware netboots. The lab mixes them, as a rack does. */
const guestKinds = ['bios-ipxe', 'uefi-ipxe', 'uefi-pxe'] as const
export type GuestKind = (typeof guestKinds)[number]

/** One virtual machine of the lab. */
export interface Guest {
  readonly index: number
  readonly kind: GuestKind
  readonly mac: string
  readonly uuid: string
  readonly serial: string
  readonly tap: string
  readonly folder: string
  readonly qmp: string
}

const diskBytes = 20 * 1024 ** 3
const memoryMiB = 2048
/**
 * What lab kernels are told. Under emulation Linux 6.12 now and then dies in its own use of CMPXCHG16B, while HAProxy cannot do without
 * the instruction: so the machine has it, and the kernel is told to leave it alone. An emulated processor speculates nowhere: keeping kernel
 * and user page tables apart would only empty the emulator's address cache twice in each system call.
 */
export const labKernelArguments = 'clearcpuid=cx16 mitigations=off'

const ovmfCode = '/usr/share/OVMF/OVMF_CODE_4M.fd'
const ovmfVars = '/usr/share/OVMF/OVMF_VARS_4M.fd'

/** The machines of a lab, the same at every start: kinds go round, so that three machines are one of each. */
export function planGuests(count: number, dirs: { labDir: string; qmpDir: string }): Guest[] {
  return Array.from({ length: count }, (_, index) => {
    const hex = (index + 1).toString(16).padStart(2, '0')
    const mac = `52:54:00:77:00:${hex}`
    return {
      index, mac, kind: guestKinds[index % guestKinds.length] as GuestKind,
      uuid: `5c10ad00-0000-4000-8000-5254007700${hex}`, serial: `LAB-${String(index + 1).padStart(4, '0')}`,
      tap: `tap${index}`, folder: path.join(dirs.labDir, `machine-${index + 1}`), qmp: path.join(dirs.qmpDir, `${mac.replaceAll(':', '-')}.qmp`),
    }
  })
}

/** Makes the guest's folder, its blank sparse disk and its copy of the UEFI variables, where they are not there yet. */
export async function prepareGuest(guest: Guest): Promise<void> {
  mkdirSync(guest.folder, { recursive: true, mode: 0o700 })
  mkdirSync(path.dirname(guest.qmp), { recursive: true, mode: 0o700 })
  rmSync(guest.qmp, { force: true })
  const disk = await open(path.join(guest.folder, 'disk.raw'), 'a')
  if ((await disk.stat()).size === 0) await disk.truncate(diskBytes)
  await disk.close()
  const vars = path.join(guest.folder, 'vars.fd')
  if (guest.kind !== 'bios-ipxe' && !existsSync(vars)) copyFileSync(ovmfVars, vars)
}

/**
 * QEMU's command line for a guest, paused at its reset vector (`-S`): "off" until QMP says `cont`.
 *
 * `Nehalem`: QEMU 7.2 misemulates newer instructions that Linux 6.12 uses.
 */
export function qemuArguments(guest: Guest, accelerator: 'kvm' | 'tcg'): string[] {
  const nic = guest.kind === 'uefi-pxe' ? ',romfile=' : ''
  const firmware = guest.kind === 'bios-ipxe' ? [] : [
    '-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${ovmfCode}`,
    '-drive', `if=pflash,format=raw,unit=1,file=${path.join(guest.folder, 'vars.fd')}`,
  ]
  return [
    '-name', `lab-${guest.index + 1}`, '-machine', 'q35', '-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi,tb-size=256',
    '-cpu', accelerator === 'kvm' ? 'host' : 'Nehalem', '-smp', '1', '-m', String(memoryMiB),
    '-nodefaults', '-display', 'none', '-vga', 'none', '-S', '-no-shutdown', '-uuid', guest.uuid,
    '-smbios', `type=1,manufacturer=System Cloud,product=Lab ${guest.kind},serial=${guest.serial},uuid=${guest.uuid}`,
    ...firmware,
    '-drive', `if=none,id=disk0,format=raw,cache=unsafe,discard=unmap,file=${path.join(guest.folder, 'disk.raw')}`,
    '-device', `virtio-blk-pci,drive=disk0,serial=${guest.serial}-D,bootindex=2`,
    '-netdev', `tap,id=net0,ifname=${guest.tap},script=no,downscript=no`,
    '-device', `virtio-net-pci,netdev=net0,mac=${guest.mac},bootindex=1${nic}`,
    '-device', 'virtio-rng-pci', '-serial', `file:${path.join(guest.folder, 'serial.log')}`,
    '-qmp', `unix:${guest.qmp},server=on,wait=off`,
  ]
}
