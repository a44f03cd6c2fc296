import type { MachineView } from '../../site.ts'

/** What stands in the GRUB for UEFI disks where a machine's own root UUID belongs: as long as one, so that nothing after it moves. @see images/loaders/localboot.cfg */
export const rootPlaceholder = '@system-cloud-root-uuid-placeholder@'

/** The UUID of the root file system that was installed on this machine, or undefined where none is known or it is not one that a script takes literally. */
export const installedRoot = (machine: MachineView | undefined): string | undefined =>
  machine?.rootUuid !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(machine.rootUuid) ? machine.rootUuid : undefined
