import { describe, expect, it } from 'vitest'
import { composeDriveProbe, probedDrives, probeName } from './drive-probe.ts'

describe('the probe of a BIOS drive', () => {
  const probe = Buffer.from(composeDriveProbe('5c10ad00-0000-4000-a000-000000000001', 0x83))
  it('asks the drive it is named for', () => {
    expect(probe.includes(Buffer.from('b442b283cd13', 'hex'))).toBe(true)
    expect(probedDrives.map(probeName)).toContain('drive-83')
  })
  it('reads one sector, the second of our root partition', () => {
    const packet = probe.subarray(probe.readUInt16LE(probe.indexOf(0xbe) + 1) - 0x7c00)
    expect([packet.readUInt16LE(0), packet.readUInt16LE(2), packet.readUInt16LE(4), packet.readUInt16LE(6), packet.readBigUInt64LE(8)]).toEqual([16, 1, 0x8000, 0, 266_242n])
    expect(packet.subarray(16).toString('hex')).toBe('5c10ad0000004000a000000000000001')
  })
})
