import type { Disk } from '#contract/inventory'
import { diskIdentity } from '#contract/machine-api'

/** A system disk needs at least this much. */
const smallestDiskBytes = 8 * 1000 ** 3

/** A disk as the plan shows it: its stable identity, and why it cannot be used where it cannot. */
export interface DiskOption { readonly disk: Disk; readonly identity: string; readonly refusedWhy: string | null }

/** Every disk with whether it may be used. Two disks with one identity are both refused: nobody could say which one is meant. */
export function rateDisks(disks: readonly Disk[]): DiskOption[] {
  const identities = disks.map((disk) => diskIdentity(disk))
  return disks.map((disk, index) => {
    const identity = identities[index] as string
    const twin = identities.filter((other) => other === identity).length > 1
    const refusedWhy = twin ? 'another disk says the same serial number, so they cannot be told apart'
      : disk.removable ? 'it is removable'
        : disk.sizeBytes < smallestDiskBytes ? `it is smaller than ${smallestDiskBytes / 1000 ** 3} GB`
          : null
    return { disk, identity, refusedWhy }
  })
}

/**
 * The disk to write: the one named by `identity`, else the smallest of the fast ones (solid state before rotating). Never by kernel name alone.
 * Returns a sentence where there is none.
 */
export function chooseDisk(disks: readonly Disk[], identity: string | undefined): { option: DiskOption; why: string } | string {
  const options = rateDisks(disks)
  if (identity !== undefined) {
    const named = options.find((option) => option.identity === identity) ?? options.find((option) => option.disk.serial !== '' && option.disk.serial === identity)
    if (named === undefined) return `there is no disk ${identity} in this machine: choose one of ${options.map((option) => option.identity).join(', ') || 'none'}`
    return named.refusedWhy === null ? { option: named, why: 'you chose it' } : `the disk ${identity} cannot be used: ${named.refusedWhy}`
  }
  const usable = options.filter((option) => option.refusedWhy === null)
  const best = usable.sort((a, b) => Number(a.disk.rotational) - Number(b.disk.rotational) || a.disk.sizeBytes - b.disk.sizeBytes || (a.identity < b.identity ? -1 : 1))[0]
  if (best === undefined) return options.length === 0 ? 'the machine has no disk: add one and boot it again' : `no disk can be used: ${options.map((option) => `${option.disk.name}: ${option.refusedWhy}`).join('; ')}`
  return { option: best, why: usable.length === 1 ? 'the only usable disk' : best.disk.rotational ? 'the smallest disk' : 'the smallest solid-state disk' }
}
