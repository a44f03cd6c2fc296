import { describe, expect, it } from 'vitest'
import { memorySite, testNetwork } from '../../../test/sim/memory-site.ts'
import type { BootRequest } from '../../policy/dhcp/boot-request.ts'
import type { Lease, MachineView } from '../../site.ts'
import { openBooks } from './books.ts'

const mac = '52:54:00:0a:0b:0c'
const lease: Lease = { networkId: 'lab', address: '10.77.0.100', mac, clientId: '', hostname: '', state: 'bound', startedAtMs: 0, expiresAtMs: 1000 }
const booksOf = (network = testNetwork) => {
  const site = memorySite([network])
  site.stored.push(lease)
  return openBooks(site)
}

describe('whose an address is', () => {
  it('is said by a lease while it runs', () => {
    expect([booksOf().macOf(lease.address, 999), booksOf().macOf(lease.address, 1000)]).toEqual([mac, null])
    expect([booksOf().hasLease(testNetwork, mac, 999), booksOf().hasLease(testNetwork, mac, 1000)]).toEqual([true, false])
  })
  it('is not said by a lease from before another server gave the addresses', () => {
    const proxied = { ...testNetwork, mode: 'proxy' as const }
    expect(booksOf(proxied).macOf(lease.address, 0)).toBeNull()
    expect(booksOf(proxied).hasLease(proxied, mac, 0)).toBe(false)
    expect(booksOf({ ...proxied, relayed: true }).macOf(lease.address, 0)).toBe(mac)
  })
})

describe('the address that a machine was seen with', () => {
  const request = { mac, clientId: '', client: { uuid: null } } as BootRequest
  const preferred = (address: string): string | null => {
    const network = { ...testNetwork, gateway: '10.77.0.254', dns: ['10.77.0.53'] }
    const books = booksOf(network)
    const [served = network] = books.networks()
    return books.claim(request, served, { id: 'm1', address } as MachineView, false).preferred
  }
  it('is given to it again', () => expect(preferred('10.77.0.63')).toBe('10.77.0.63'))
  it.each(['10.77.0.254', '10.77.0.53', '10.77.0.1', '10.99.0.5'])('is not where it is %s: a router’s, a server’s, ours, or of another network', (address) => expect(preferred(address)).toBeNull())
})
