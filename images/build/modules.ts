/** modules.dep: each module's path to the paths it needs. */
export function parseModulesDep(text: string): Map<string, string[]> {
  return new Map(text.split('\n').filter((line) => line.includes(':')).map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim().split(/\s+/).filter((name) => name !== '')]
  }))
}

/** A module's name as `modprobe` knows it: `kernel/fs/ext4/ext4.ko.xz` is `ext4`, `-` is `_`. */
export const moduleName = (path: string): string => (path.split('/').at(-1) as string).replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_')

/**
 * The modules that are wanted, and all that they need. A wish is a name, or a folder with a slash at its end for everything below it.
 * A name that this kernel does not have is left out: it may be built in.
 */
export function chooseModules(dependencies: ReadonlyMap<string, readonly string[]>, wishes: readonly string[]): string[] {
  const byName = new Map([...dependencies.keys()].map((path) => [moduleName(path), path]))
  const chosen = new Set<string>()
  const take = (path: string): void => {
    if (chosen.has(path)) return
    chosen.add(path)
    for (const needed of dependencies.get(path) ?? []) take(needed)
  }
  for (const wish of wishes) {
    if (wish.endsWith('/')) for (const path of dependencies.keys()) { if (path.startsWith(`kernel/${wish}`)) take(path) }
    const path = byName.get(wish.replaceAll('-', '_'))
    if (path !== undefined) take(path)
  }
  return [...chosen].sort()
}

/** Drivers of the discovery ramdisk: the buses, disks and cards that servers have, and what reading them needs. */
export const ramdiskModules = [
  'virtio_pci', 'virtio_net', 'virtio_blk', 'virtio_scsi', 'virtio_rng', 'virtio_mmio',
  'e1000', 'e1000e', 'igb', 'igc', 'ixgbe', 'ixgbevf', 'i40e', 'ice', 'r8169', 'realtek', 'tg3', 'broadcom', 'bnx2', 'bnx2x', 'bnxt_en', 'mlx4_en', 'mlx5_core', 'ena', 'vmxnet3', 'be2net', 'hv_netvsc', 'hv_storvsc', '8139cp',
  'ahci', 'ata_piix', 'ata_generic', 'nvme', 'vmd', 'sd_mod', 'megaraid_sas', 'mpt3sas', 'hpsa', 'aacraid', 'smartpqi', 'vmw_pvscsi', 'mptspi',
  'xhci_pci', 'ehci_pci', 'uhci_hcd', 'usb_storage', 'uas', 'usbhid', 'hid_generic', 'sdhci_pci', 'mmc_block',
  'ext4', 'crc32c_generic', 'crc32c_intel', 'vfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859_1', 'nls_utf8', 'efivarfs', 'af_packet',
] as const
