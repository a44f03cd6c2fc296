const sectorBytes = 512
/** Where the superblock of our root file system lies: the third partition begins at 130 MiB, and 1 KiB of it is free. @see images/ramdisk/lib/partition.sh */
const superblockSector = (130 * 1024 * 1024 + 1024) / sectorBytes

/** Where the code of the probe has the drive's number. */
const driveAt = 15

/** The BIOS drives that a machine's script asks about, in order. */
export const probedDrives: readonly number[] = [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87]

/** Under which name a machine asks for the probe of a drive. */
export const probeName = (drive: number): string => `drive-${drive.toString(16)}`

/**
 * A program for iPXE of a BIOS that returns 0 where this drive has the root file system with this UUID, in our layout, else 1. iPXE cannot read
 * a disk itself, and the number of a disk is known to the BIOS alone. Disks of 4096-byte sectors are not recognized.
 *
 * Loaded at 0:7c00 and called far, as PXE 2.1 has it for every network boot program. `rootUuid` in its usual form; `drive` 0x80 to 0xff.
 */
export function composeDriveProbe(rootUuid: string, drive: number): Uint8Array {
  // push ds; push es; xor ax,ax; mov ds,ax; mov es,ax; cld; mov si,PACKET; mov ah,0x42; mov dl,DRIVE; int 0x13; jc no; mov si,0x8068 (s_uuid);
  // mov di,UUID; mov cx,16; repe cmpsb; jne no; xor ax,ax; jmp out; no: mov ax,1; out: pop es; pop ds; retf
  const code = bytesOf('1e0631c08ed88ec0fcbe2b7cb442b280cd137211be6880bf3b7cb91000f3a6750431c0eb03b80100071fcb')
  code[driveAt] = drive
  const packet = new Uint8Array(16)
  const view = new DataView(packet.buffer)
  // EDD's disk address packet: its own length, one sector, to 0:8000, from where.
  packet.set([16, 0, 1, 0])
  view.setUint16(4, 0x8000, true)
  view.setBigUint64(8, BigInt(superblockSector), true)
  return Uint8Array.from([...code, ...packet, ...bytesOf(rootUuid.replaceAll('-', ''))])
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
