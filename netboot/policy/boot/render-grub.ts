import type { Mac } from '#contract/mac'
import { bootFileNames, type MachineView } from '../../site.ts'
import type { BootVerdict } from './decide-boot.ts'
import { installedRoot } from './installed-root.ts'
import { kernelArguments } from './render-ipxe.ts'

/** Where GRUB finds files beside its configuration: in the root by TFTP, in a folder by HTTP. */
export type GrubFolder = '' | '/files'

/** GRUB waits this long before it asks again. */
const retrySeconds = 5
/** How the entry asks for a machine's orders: this, its hardware address, `.cfg`. */
export const grubOrderPrefix = 'grub/order-'

/**
 * The configuration that the signed GRUB looks for beside itself: asks for this machine's orders for ever, as the iPXE entry does.
 *
 * Quirk: GRUB knows whether Secure Boot is on (`lockdown`), the server does not. Where it is off, iPXE is the better loader: it has HTTP.
 */
export function renderGrubEntry(folder: GrubFolder): string {
  return lines([
    'set timeout=0',
    `if [ "$lockdown" != "y" ]; then if chainloader ${folder}/${bootFileNames.uefiLoader}; then boot; fi; fi`,
    'while true; do',
    `  source ($root)/${grubOrderPrefix}$net_default_mac.cfg`,
    `  echo "System Cloud: asking again in ${retrySeconds} s"`,
    `  sleep ${retrySeconds}`,
    'done',
  ])
}

/** The orders of one machine, as decided. Where they return, the entry asks again. */
export function renderGrubOrder(verdict: BootVerdict, address: string, folder: GrubFolder, mac: Mac, machine: MachineView | undefined): string {
  const say = `echo "${literal(verdict.why)}"`
  switch (verdict.decision) {
    case 'ramdisk': return lines([
      say,
      `if linux ${folder}/${bootFileNames.kernel} ${kernelArguments(address, mac, machine).filter((word) => !word.startsWith('initrd=')).join(' ')}; then`,
      `  if initrd ${folder}/${bootFileNames.initrd}; then boot; fi`,
      'fi',
      'echo "The ramdisk did not start."',
    ])
    // By its next boot entry where that is its way. Else the installed system's own configuration, read by the GRUB that is running: its kernel is signed, and no second shim is needed.
    case 'localDisk': return lines(machine?.bootPath?.disk === 'exit' ? [say, 'exit 1'] : [
      say,
      ...findInstalled(installedRoot(machine)),
      'search --no-floppy --file --set=disk /EFI/debian/grub.cfg',
      'if [ -n "$disk" ]; then set root=$disk; configfile ($disk)/EFI/debian/grub.cfg; fi',
      'search --no-floppy --file --set=disk /EFI/BOOT/BOOTX64.EFI',
      'if [ -n "$disk" ]; then set root=$disk; if chainloader ($disk)/EFI/BOOT/BOOTX64.EFI; then boot; fi; fi',
      'echo "No disk here has an installed system."',
    ])
    case 'wait': return lines([say])
    // Nonzero: the firmware goes on to its next boot entry, as if no server were here.
    case 'ignore': return lines([say, 'exit 1'])
  }
}

/** Starts the disk that has this root file system: its ESP is the second partition, as images/ramdisk/lib/partition.sh lays it. */
const findInstalled = (root: string | undefined): string[] => (root === undefined ? [] : [
  `search --no-floppy --fs-uuid --set=system ${root}`,
  `if regexp --set=1:drive '^([^,]+),gpt' "$system"; then set root=\${drive},gpt2; configfile (\${drive},gpt2)/EFI/debian/grub.cfg; fi`,
])

/** What a machine gets while the appliance cannot decide: never "boot your disk". */
export const renderGrubTrouble = (): string => lines(['echo "System Cloud is in trouble."'])

/** Text as GRUB's `echo "…"` prints it: printable ASCII without what its shell would take. */
const literal = (text: string): string => text.replaceAll(/[^\u0020-\u007e]|["$\\`]/g, ' ').trim().slice(0, 120)

const lines = (body: string[]): string => `${body.join('\n')}\n`
