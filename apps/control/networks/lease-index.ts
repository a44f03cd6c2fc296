import { parseIpv4 } from '#netboot/codec/ipv4'
import type { Lease } from '#netboot/site'

/** A lease and its address as a number. */
export interface IndexedLease { readonly value: number; readonly lease: Lease }

/** All stored leases in memory: pages are drawn from here, never from the disk, however many there are. */
export interface LeaseIndex {
  all(): readonly Lease[]
  /** Those of a network in the order of their addresses. The array is kept and changed by `record`: do not keep it over an await. */
  of(networkId: string): readonly IndexedLease[]
  find(networkId: string, address: string): Lease | undefined
  /** Takes over a lease that was stored. */
  record(lease: Lease): void
}

interface Kept { value: number; lease: Lease }
interface OfNetwork { readonly byAddress: Map<string, Kept>; readonly order: Kept[]; sorted: boolean }

/** An index over the leases stored so far. */
export function openLeaseIndex(stored: readonly Lease[]): LeaseIndex {
  const networks = new Map<string, OfNetwork>()
  const record = (lease: Lease): void => {
    const its: OfNetwork = networks.get(lease.networkId) ?? { byAddress: new Map(), order: [], sorted: true }
    networks.set(lease.networkId, its)
    const present = its.byAddress.get(lease.address)
    // A renewal changes a lease in place: the order changes only where an address is used for the first time.
    if (present !== undefined) { present.lease = lease; return }
    const kept = { value: parseIpv4(lease.address) ?? 0, lease }
    its.sorted &&= kept.value > (its.order.at(-1)?.value ?? -1)
    its.byAddress.set(lease.address, kept)
    its.order.push(kept)
  }
  for (const lease of stored) record(lease)
  return {
    all: () => Array.from(networks.values()).flatMap(({ order }) => order.map(({ lease }) => lease)),
    of(networkId) {
      const its = networks.get(networkId)
      if (its === undefined) return []
      if (!its.sorted) its.order.sort((a, b) => a.value - b.value)
      its.sorted = true
      return its.order
    },
    find: (networkId, address) => networks.get(networkId)?.byAddress.get(address)?.lease,
    record,
  }
}
