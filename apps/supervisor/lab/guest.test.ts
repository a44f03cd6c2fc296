import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { labKernelArguments, planGuests, prepareGuest, qemuArguments } from './guest.ts'

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

describe('prepareGuest', () => {
  it('makes a blank sparse disk of 20 GB, once', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'sc-guest-'))
    const [guest] = planGuests(1, { labDir: home, qmpDir: path.join(home, 'qmp') })
    if (guest === undefined) throw new Error('no guest was planned')
    await prepareGuest(guest)
    const disk = path.join(guest.folder, 'disk.raw')
    expect([statSync(disk).size, statSync(disk).blocks]).toEqual([20 * 1024 ** 3, 0])
    writeFileSync(disk, 'written', { flag: 'r+' })
    await prepareGuest(guest)
    expect([statSync(disk).size, statSync(disk).blocks > 0]).toEqual([20 * 1024 ** 3, true])
    rmSync(home, { recursive: true })
  })
})

describe('qemuArguments', () => {
  const after = (words: readonly string[], name: string): string | undefined => words[words.indexOf(name) + 1]

  it('gives each machine one processor and 2 GiB; emulated it is a Nehalem, which lacks what QEMU gets wrong', () => {
    for (const guest of guests) {
      const words = qemuArguments(guest, 'tcg')
      expect(['-cpu', '-smp', '-m'].map((name) => after(words, name))).toEqual(['Nehalem', '1', '2048'])
      expect(after(qemuArguments(guest, 'kvm'), '-cpu')).toBe('host')
    }
    expect(labKernelArguments.split(' ')).toContain('clearcpuid=cx16')
  })

  it('removes the option ROM only where OVMF boots by its own PXE', () => {
    expect(guests.map((guest) => qemuArguments(guest, 'tcg').some((word) => word.endsWith(',romfile=')))).toEqual([false, false, true, false])
  })

  it('starts paused: a machine is off until it is powered on', () => {
    for (const guest of guests) expect(qemuArguments(guest, 'tcg')).toEqual(expect.arrayContaining(['-S', '-no-shutdown']))
  })
})
