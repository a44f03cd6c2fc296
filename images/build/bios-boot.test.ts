import { expect, it } from 'vitest'
import { bootPartitionSector, composeBiosBoot } from './bios-boot.ts'

const boot = Buffer.alloc(512)
boot.writeUInt16LE(0xaa55, 510)

it('tells the boot sector where the boot code is, and the boot code where its rest is', () => {
  const image = composeBiosBoot(boot, Buffer.alloc(512 * 3 + 1, 7))
  expect(image.length).toBe(512 * 5)
  expect(image.readBigUInt64LE(0x5c)).toBe(2048n)
  expect(image.subarray(0x64, 0x68).toString('hex')).toBe('ff009090')
  expect(image.readBigUInt64LE(512 + 500)).toBe(2049n)
  expect(image.readUInt16LE(512 + 508)).toBe(3)
})

it('refuses what is no boot sector, and boot code that is larger than its partition', () => {
  expect(() => composeBiosBoot(Buffer.alloc(512), Buffer.alloc(512))).toThrow('boot sector')
  expect(() => composeBiosBoot(boot, Buffer.alloc(512 * (bootPartitionSector + 1)))).toThrow('boot partition')
})
