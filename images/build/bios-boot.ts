const sectorBytes = 512

/** Where the BIOS boot partition begins, in 512-byte sectors; images/ramdisk/lib/partition.sh lays it there. */
export const bootPartitionSector = 2048

/**
 * Boot sector and boot code as `grub-bios-setup` would leave them for a disk whose BIOS boot partition begins at 1 MiB.
 *
 * `boot` is boot.img (512 bytes), `core` is core.img of grub-mkimage. The result is the patched boot sector, then core.img to whole sectors.
 * Only the first 440 bytes of the boot sector may be written over a disk's own: the partition table follows.
 *
 * @see GRUB 2.12 util/setup.c, include/grub/i386/pc/boot.h (0x5c kernel sector, 0x64 boot drive, 0x66 drive check)
 */
export function composeBiosBoot(boot: Buffer, core: Buffer): Buffer {
  if (boot.length !== sectorBytes || boot.readUInt16LE(510) !== 0xaa55) throw new Error('boot.img is not a boot sector')
  const sectors = Math.ceil(core.length / sectorBytes)
  if (sectors > bootPartitionSector) throw new Error(`core.img has ${sectors} sectors; the boot partition has ${bootPartitionSector}`)
  const out = Buffer.alloc(sectorBytes + sectors * sectorBytes)
  boot.copy(out)
  core.copy(out, sectorBytes)
  out.writeBigUInt64LE(BigInt(bootPartitionSector), 0x5c)
  out.writeUInt8(0xff, 0x64)
  // Quirk: some BIOSes pass the wrong drive number for a hard disk; two NOPs let GRUB's check run, as grub-bios-setup does.
  out.writeUInt16LE(0x9090, 0x66)
  // The block list at the end of the first core sector: where the rest of core.img lies, and how long it is.
  const list = sectorBytes + sectorBytes - 12
  out.writeBigUInt64LE(BigInt(bootPartitionSector + 1), list)
  out.writeUInt16LE(sectors - 1, list + 8)
  return out
}
