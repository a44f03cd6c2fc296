import { describe, expect, it } from 'vitest'
import { planGuests, qemuArguments } from './guest.ts'

const guests = planGuests(4, { labDir: '/lab', qmpDir: '/run/qmp' })

describe('planGuests', () => {
  it('mixes firmware and gives each machine an identity of its own', () => {
    expect(guests.map((guest) => guest.kind)).toEqual(['bios-ipxe', 'uefi-ipxe', 'uefi-pxe', 'bios-ipxe'])
    for (const field of ['mac', 'uuid', 'serial', 'tap', 'folder', 'qmp'] as const) expect(new Set(guests.map((guest) => guest[field])).size).toBe(4)
  })

  it('makes valid UUIDs and MACs', () => {
    for (const guest of guests) {
      expect(guest.uuid).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
      expect(guest.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
    }
  })
})

describe('qemuArguments', () => {
  it('removes the option ROM only where OVMF boots by its own PXE', () => {
    expect(guests.map((guest) => qemuArguments(guest, 'tcg').some((word) => word.endsWith(',romfile=')))).toEqual([false, false, true, false])
  })

  it('starts paused: a machine is off until it is powered on', () => {
    for (const guest of guests) expect(qemuArguments(guest, 'tcg')).toEqual(expect.arrayContaining(['-S', '-no-shutdown']))
  })
})
