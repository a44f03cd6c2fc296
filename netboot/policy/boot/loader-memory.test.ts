import { describe, expect, it } from 'vitest'
import type { BootEvent } from '../../site.ts'
import { LoaderMemory } from './loader-memory.ts'

const mac = '52:54:00:00:00:01'
const packet = {} as (BootEvent & { kind: 'dhcp.discovered' })['packet']
const asks = (kind: 'firmware' | 'ipxe' | 'system'): BootEvent => ({ kind: 'dhcp.discovered', mac, networkId: 'n', client: { kind, architecture: 'uefi-x64', vendorClass: '', hostname: '', uuid: null }, packet })
const fetched = (file: string): BootEvent => ({ kind: 'tftp.sent', mac, address: '10.0.0.2', file, sizeBytes: 1, milliseconds: 1, resends: 0, roundTripMs: null })

describe('LoaderMemory', () => {
  it.each<[string, BootEvent[], boolean]>([
    ['nothing at first', [asks('firmware')], false],
    ['that firmware which fetched the loader and asks again has refused it', [asks('firmware'), fetched('snponly.efi'), asks('firmware')], true],
    ['that iPXE runs where it asks', [asks('firmware'), fetched('snponly.efi'), asks('ipxe'), asks('firmware')], false],
    ['to believe iPXE again once Secure Boot is off', [fetched('snponly.efi'), asks('firmware'), asks('ipxe'), asks('firmware')], false],
    ['nothing from a BIOS that was reset', [asks('firmware'), fetched('undionly.kpxe'), asks('firmware')], false],
    ['nothing from the signed chain', [asks('firmware'), fetched('shimx64.efi'), asks('firmware')], false],
    ['nothing from a part of the loader', [{ kind: 'file.sent', mac, address: '10.0.0.2', file: 'snponly.efi', sizeBytes: 1, milliseconds: 1, complete: false }, asks('firmware')], false],
  ])('learns %s', (_, events, refuses) => {
    const memory = new LoaderMemory()
    for (const event of events) memory.hear(event)
    expect(memory.refuses(mac)).toBe(refuses)
  })
  it('forgets the oldest of too many', () => {
    const memory = new LoaderMemory()
    for (let n = 0; n < 5000; n += 1) {
      const other = `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`
      memory.hear({ ...fetched('snponly.efi'), mac: other } as BootEvent)
      memory.hear({ ...asks('firmware'), mac: other } as BootEvent)
    }
    expect([memory.refuses('02:00:00:00:00:00'), memory.refuses('02:00:00:00:13:87')]).toEqual([false, true])
  })
})
