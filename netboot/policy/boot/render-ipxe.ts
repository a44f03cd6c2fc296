import type { Mac } from '#contract/mac'
import { bootFileNames, type DiskBoot, type MachineView } from '../../site.ts'
import type { BootVerdict } from './decide-boot.ts'
import { probedDrives, probeName } from './drive-probe.ts'
import { installedRoot } from './installed-root.ts'

/** iPXE waits this long before it asks again. */
const retrySeconds = 5

/**
 * The first script of every machine, also served as autoexec.ipxe: says who asks and fetches the script decided for it. It asks for
 * ever: a boot server that is being restarted must not send a fleet to its disks.
 */
export function renderEntry(address: string): string {
  const query = 'uuid=${uuid}&platform=${platform}&arch=${buildarch}&serial=${serial:uristring}'
  const ask = `chain --replace --autofree http://${address}/boot/\${netX/mac:hexhyp}?${query}`
  return lines([
    `${ask} || goto configure`,
    // Since 2024 iPXE runs an autoexec.ipxe that it found beside itself before it has configured any card.
    ':configure',
    `${address.includes(':') ? 'ifconf -c ipv6' : 'dhcp'} || goto again`,
    ':ask',
    `${ask} || goto again`,
    ':again',
    `echo System Cloud at ${address} gave no boot script: asking again in ${retrySeconds} s`,
    `sleep ${retrySeconds}`,
    'goto ask',
  ])
}

/**
 * The script for one machine, as decided. Never throws; text of the site is reduced to what an iPXE script takes literally. `host` is where
 * it asked, as URLs write it: by IPv6 another one than `address`, which the ramdisk is told because it speaks IPv4.
 */
export function renderScript(verdict: BootVerdict, address: string, mac: Mac, machine: MachineView | undefined, hasFile: (name: string) => boolean, host = address): string {
  switch (verdict.decision) {
    case 'ramdisk': return renderRamdisk(address, mac, machine, host)
    case 'localDisk': return renderLocalDisk(host, verdict.why, mac, machine, hasFile(bootFileNames.localBootUefi))
    case 'wait': return lines([`echo ${literal(verdict.why)}`, `sleep ${retrySeconds}`, ...askAgain(host)])
    // Nonzero: the firmware goes on to its next boot entry, as if no server were here.
    case 'ignore': return lines([`echo ${literal(verdict.why)}`, 'exit 1'])
  }
}

/** What a machine gets while the appliance cannot decide: never "boot your disk". */
export const renderTrouble = (address: string): string => lines([`echo System Cloud is in trouble: asking again in ${retrySeconds} s`, `sleep ${retrySeconds}`, ...askAgain(address)])

/** The words of the ramdisk's kernel command line. The last console is the one that init writes to. */
export function kernelArguments(address: string, mac: Mac, machine: MachineView | undefined): string[] {
  const extra = (machine?.kernelArguments ?? []).filter((word) => /^[\w.,:=/@+-]+$/.test(word))
  return [`initrd=${bootFileNames.initrd}`, `BOOTIF=01-${mac.replaceAll(':', '-')}`, `sc.url=http://${address}`, 'console=ttyS0', 'console=tty0', 'net.ifnames=0', 'panic=30', ...extra]
}

function renderRamdisk(address: string, mac: Mac, machine: MachineView | undefined, host: string): string {
  const base = `http://${host}/files`
  return lines([
    `kernel ${base}/${bootFileNames.kernel} ${kernelArguments(address, mac, machine).join(' ')} || goto failed`,
    `initrd ${base}/${bootFileNames.initrd} || goto failed`,
    'boot || goto failed',
    ':failed',
    'imgfree',
    `echo The ramdisk did not start: asking again in ${retrySeconds} s`,
    `sleep ${retrySeconds}`,
    ...askAgain(host),
  ])
}

/**
 * BIOS: by INT 13h the disk on which a probe finds this machine's root file system, else the first. UEFI has no such call: a GRUB from the manifest finds the disk's own loader and starts it, in a copy that
 * knows this machine's root file system; where it cannot, or is not there, the firmware goes on to its next boot entry.
 */
function renderLocalDisk(address: string, why: string, mac: Mac, machine: MachineView | undefined, hasLocalBoot: boolean): string {
  const wished = machine?.bootPath?.disk
  return lines([
    `echo ${literal(why)}`,
    'iseq ${platform} efi && goto efi || goto bios',
    ':bios',
    ...(chooseDiskBoot(wished, 'pcbios', hasLocalBoot) === 'exit' ? ['goto next'] : [...installedDrive(address, mac, machine), 'sanboot --no-describe --drive 0x80 || goto failed']),
    ':failed',
    `echo No system on the first disk: asking again in ${retrySeconds} s`,
    `sleep ${retrySeconds}`,
    ...askAgain(address),
    ':efi',
    ...(chooseDiskBoot(wished, 'efi', hasLocalBoot) === 'grub' ? [`chain http://${address}${localBootPath(mac, machine)} || goto next`] : []),
    ':next',
    'echo Going on to the next boot entry of the firmware',
    'exit 1',
  ])
}

/** Starts the BIOS drive that has what was installed; goes on where none has. */
const installedDrive = (address: string, mac: Mac, machine: MachineView | undefined): string[] => (installedRoot(machine) === undefined ? [] :
  probedDrives.map((drive) => `chain --autofree http://${address}/boot/${mac.replaceAll(':', '-')}/${probeName(drive)} && sanboot --no-describe --drive 0x${drive.toString(16)} ||`))

/** Where a machine finds the GRUB that starts its disk: a copy of its own where it is known what was installed. */
const localBootPath = (mac: Mac, machine: MachineView | undefined): string => `${installedRoot(machine) === undefined ? '/files' : `/boot/${mac.replaceAll(':', '-')}`}/${bootFileNames.localBootUefi}`

/** The way into the disk that a script takes: the wished one where the platform has it. A BIOS has no use for our GRUB, UEFI no INT 13h. */
export function chooseDiskBoot(wished: DiskBoot | undefined, platform: 'pcbios' | 'efi', hasLocalBoot: boolean): DiskBoot {
  if (wished === 'exit') return 'exit'
  return platform === 'pcbios' ? 'sanboot' : hasLocalBoot ? 'grub' : 'exit'
}

/** Back to the entry script, for ever. */
const askAgain = (address: string): string[] => [
  ':again',
  `chain --replace --autofree http://${address}/boot.ipxe || sleep ${retrySeconds}`,
  'goto again',
]

/** Text as an iPXE `echo` prints it: printable ASCII, no `${}` expansion, no comment, no `&&` or `||`. */
const literal = (text: string): string => text.replaceAll(/[^\u0020-\u007e]|[$#&|\\]/g, ' ').trim().slice(0, 120)

const lines = (body: string[]): string => `#!ipxe\n${body.join('\n')}\n`
