import type { Phase } from '#contract/lifecycle'
import { leaseStates, type Lease as LeaseForPeople, type LeasePage, type LeaseQuery } from '#contract/network-api'
import type { Lease } from '#netboot/site'
import { matchesClient } from './client-match.ts'
import type { NetworkConfig } from './network-config.ts'
import type { StoredReservation } from './network-book.ts'
import { inRanges } from './subnet.ts'

/** What a lease is explained with. */
export interface LeaseContext {
  readonly network: NetworkConfig
  /** The reservation of this address, or undefined. */
  readonly reservation: StoredReservation | undefined
  readonly machine: { readonly id: string; readonly name: string } | undefined
  readonly nowMs: number
}

/** What state a lease is in now: `bound` and the conflicts end by themselves. */
export function stateOf(lease: Lease, nowMs: number): LeaseForPeople['state'] {
  if (lease.state === 'released') return 'released'
  if (lease.expiresAtMs > nowMs) return lease.state
  return 'expired'
}

/** A lease as operators see it, with the reason. */
export function renderLease(lease: Lease, context: LeaseContext): LeaseForPeople {
  const { machine, reservation, nowMs } = context
  return {
    networkId: lease.networkId, address: lease.address, mac: lease.mac, machineId: machine?.id ?? null, machineName: machine?.name ?? null, hostname: lease.hostname, clientId: lease.clientId,
    state: stateOf(lease, nowMs), reserved: reservation !== undefined, why: explain(lease, context), since: new Date(lease.startedAtMs).toISOString(), until: new Date(lease.expiresAtMs).toISOString(),
  }
}

function explain(lease: Lease, { network, reservation, machine, nowMs }: LeaseContext): string {
  const own = reservation !== undefined && matchesClient(reservation.match, lease)
  switch (stateOf(lease, nowMs)) {
    case 'declined': return 'Its client found that somebody else uses this address, so it is given to nobody for a while. Find the device that has it by hand; then release the address here.'
    case 'conflict': return `${lease.mac} answers on this address and was never given it. Find that device and give it another address, or exclude this one.`
    case 'released': return 'Given back: free for others.'
    case 'expired': return own ? 'Reserved for this client, which is away.' : 'Not renewed: kept for this client for as long as others find fresh addresses.'
    case 'bound':
      if (own) return 'Reserved for this client.'
      if (reservation !== undefined) return 'Reserved for somebody else since: this client keeps it until it goes away.'
      if (!inRanges(network.ranges, lease.address) || inRanges(network.excluded, lease.address)) return 'Outside of what is given out now: this client keeps it until it goes away.'
      return machine === undefined ? 'From the pool, to a client that is no machine of the fleet.' : `From the pool: ${machine.name} keeps the first address that it got.`
  }
}

/**
 * The part of the networks' leases that a query asks for; only that part is rendered. They come in the order of their addresses, and there
 * may be a hundred thousand: everything here but `render` is done for each of them.
 *
 * @param nameOf name of the machine with a MAC, or undefined
 */
export function pageLeases(networks: readonly (readonly { readonly lease: Lease }[])[], query: Pick<LeaseQuery, 'state' | 'text' | 'offset' | 'limit'>, nameOf: (mac: string) => string | undefined, render: (lease: Lease) => LeaseForPeople, nowMs: number): LeasePage {
  const words = query.text.toLowerCase().split(/\s+/).filter((word) => word !== '')
  const counts = Object.fromEntries(leaseStates.map((state) => [state, 0])) as LeasePage['counts']
  const chosen: Lease[] = []
  for (const leases of networks) for (const { lease } of leases) {
    const state = stateOf(lease, nowMs)
    if (words.length > 0) {
      const known = [lease.address, lease.mac, nameOf(lease.mac) ?? '', lease.hostname.toLowerCase(), lease.clientId, state]
      if (!words.every((word) => known.some((text) => text.includes(word)))) continue
    }
    counts[state] += 1
    if (query.state === undefined || state === query.state || (query.state === 'conflict' && state === 'declined')) chosen.push(lease)
  }
  return { leases: chosen.slice(query.offset, query.offset + query.limit).map(render), total: chosen.length, counts }
}

/** A machine as far as a lease concerns it. */
export interface LeaseHolder { readonly name: string; readonly phase: Phase; readonly lastSeenAt: string }

const atWork: readonly Phase[] = ['deploying', 'starting', 'ready', 'releasing']
const heardMs = 10 * 60_000

/** Why a person may not release this lease without force, as a sentence; undefined where they may. */
export function refuseRelease(lease: Lease, machine: LeaseHolder | undefined, nowMs: number): string | undefined {
  if (machine === undefined || stateOf(lease, nowMs) !== 'bound') return undefined
  if (atWork.includes(machine.phase)) return `${lease.address} is in use by ${machine.name}, which is ${machine.phase}: release the machine first. Forced, the address may go to another machine while this one still uses it.`
  if (nowMs - Date.parse(machine.lastSeenAt) < heardMs) return `${lease.address} is in use by ${machine.name}, which was heard of a moment ago: switch it off first. Forced, the address may go to another machine while this one still uses it.`
  return undefined
}
