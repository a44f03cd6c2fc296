import { parseIpv4 } from '#netboot/codec/ipv4'
import type { Lease } from '#netboot/site'

/** All stored leases in memory: pages are drawn from here, never from the disk, however many there are. */
export interface LeaseIndex {
  all(): readonly Lease[]
  /** Those of a network in the order of their addresses. */
  of(networkId: string): readonly Lease[]
  find(networkId: string, address: string): Lease | undefined
  /** Takes over a lease that was stored. */
  record(lease: Lease): void
}

/** An index over the leases stored so far. */
export function openLeaseIndex(stored: readonly Lease[]): LeaseIndex {
  const networks = new Map<string, Map<string, Lease>>()
  // Renewals change a lease in place; the order changes only where an address is used for the first time.
  const orders = new Map<string, string[]>()
  const record = (lease: Lease): void => {
    const its = networks.get(lease.networkId) ?? new Map<string, Lease>()
    networks.set(lease.networkId, its)
    if (!its.has(lease.address)) orders.delete(lease.networkId)
    its.set(lease.address, lease)
  }
  for (const lease of stored) record(lease)
  return {
    all: () => Array.from(networks.values()).flatMap((its) => Array.from(its.values())),
    of(networkId) {
      const its = networks.get(networkId)
      if (its === undefined) return []
      const order = orders.get(networkId) ?? Array.from(its.keys(), (address): [number, string] => [parseIpv4(address) ?? 0, address]).sort(([a], [b]) => a - b).map(([, address]) => address)
      orders.set(networkId, order)
      return order.flatMap((address) => its.get(address) ?? [])
    },
    find: (networkId, address) => networks.get(networkId)?.get(address),
    record,
  }
}
