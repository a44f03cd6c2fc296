import type { DropReason, Lease, NetworkView } from '../../site.ts'
import type { BootRequest } from './boot-request.ts'
import type { Client, LeaseBook } from '../leases/lease-book.ts'

/** What to do about a client's address. Leases in it are not stored yet. */
export type LeaseDecision =
  | { kind: 'offer'; address: string; leaseSeconds: number }
  | { kind: 'ack'; lease: Lease; leaseSeconds: number }
  /** Parameters only: the client has its address from elsewhere. */
  | { kind: 'inform'; address: string }
  | { kind: 'nak'; address: string; why: string }
  | { kind: 'release' | 'decline'; lease: Lease }
  | { kind: 'ignore'; why: DropReason & ('pool-full' | 'other-server' | 'unknown-client' | 'not-for-us' | 'proxy-only' | 'stands-back') }

/** What is known of who asks, besides the packet. */
export interface Claim extends Client {
  /** An address it had on this network before by what the site knows, or null: given again where nobody else has it. */
  readonly preferred: string | null
  /** Another DHCP server is here and this network shall then give nothing new. */
  readonly standsBack: boolean
}

/** How long an address on which somebody else answers is left alone. */
export const abandonMs = 10 * 60_000
const shortestLeaseSeconds = 120
/** Told to a client on whose address another machine was found. */
export const disputedWhy = 'another machine uses the address'
const poolFull: LeaseDecision = { kind: 'ignore', why: 'pool-full' }

/**
 * What a DHCP server must do, state by state. Changes nothing but the holds of `book`.
 *
 * A refusal makes a client forget its address, so it goes only to clients that chose us, that we know, or where we alone give addresses:
 * on a network shared with another server its clients are left to it.
 *
 * @see RFC 2131 §4.3 and table 4 (which of serverId, requestedAddress and ciaddr is set tells the four kinds of REQUEST apart)
 */
export function decideLease(request: BootRequest, book: LeaseBook, network: NetworkView, claim: Claim, nowMs: number): LeaseDecision {
  if (network.mode === 'proxy') return { kind: 'ignore', why: 'proxy-only' }
  switch (request.type) {
    case 'discover': return decideDiscover(request, book, network, claim, nowMs)
    case 'request': return decideRequest(request, book, network, claim, nowMs)
    case 'inform': return request.clientAddress ? { kind: 'inform', address: request.clientAddress } : { kind: 'ignore', why: 'not-for-us' }
    case 'release': {
      const lease = request.clientAddress ? book.ofAddress(request.clientAddress) : undefined
      if (!isOurs(request, network)) return { kind: 'ignore', why: 'other-server' }
      if (!lease || lease.mac !== request.mac || lease.state !== 'bound') return { kind: 'ignore', why: 'unknown-client' }
      return { kind: 'release', lease: { ...lease, state: 'released', expiresAtMs: nowMs } }
    }
    case 'decline': {
      const lease = request.requestedAddress ? book.ofAddress(request.requestedAddress) : undefined
      if (!isOurs(request, network)) return { kind: 'ignore', why: 'other-server' }
      if (!lease || lease.mac !== request.mac || lease.state !== 'bound') return { kind: 'ignore', why: 'unknown-client' }
      return { kind: 'decline', lease: { ...lease, state: 'declined', startedAtMs: nowMs, expiresAtMs: nowMs + abandonMs } }
    }
    default: return { kind: 'ignore', why: 'not-for-us' }
  }
}

function decideDiscover(request: BootRequest, book: LeaseBook, network: NetworkView, claim: Claim, nowMs: number): LeaseDecision {
  if (claim.standsBack) return { kind: 'ignore', why: 'stands-back' }
  book.sweep(nowMs)
  const own = book.ofMac(request.mac)
  const address = [claim.reserved, claim.preferred, own?.address].find((candidate) => candidate && mayHave(candidate, book, claim, nowMs, 'strangers'))
    ?? [book.heldFor(request.mac), request.requestedAddress].find((candidate) => candidate && mayHave(candidate, book, claim, nowMs))
    ?? book.choose(claim, nowMs)
  if (!address) return poolFull
  // What it has already needs no promise.
  if (own?.address !== address || own.state !== 'bound' || own.expiresAtMs <= nowMs) book.hold(address, claim, nowMs)
  return { kind: 'offer', address, leaseSeconds: leaseSeconds(request, network) }
}

function decideRequest(request: BootRequest, book: LeaseBook, network: NetworkView, claim: Claim, nowMs: number): LeaseDecision {
  const { mac, serverId, requestedAddress, clientAddress } = request
  const seconds = leaseSeconds(request, network)
  const grant = (address: string): LeaseDecision => ({ kind: 'ack', lease: newLease(request, book, network, address, seconds, nowMs), leaseSeconds: seconds })
  const isOk = (address: string): boolean => mayHave(address, book, claim, nowMs)
  // Silence: in a flood of strangers each refusal would go to everybody on the wire.
  const isKept = (address: string): boolean => book.onNetwork(address) && book.isFreeFor(address, claim, nowMs) && book.isKeptFrom(address, claim, nowMs)
  const own = book.ofMac(mac)
  const isOurClient = own !== undefined || claim.reserved !== null || claim.preferred !== null || network.authoritative
  const refuse = (address: string, why: string): LeaseDecision => (isKept(address) ? poolFull : isOurClient ? { kind: 'nak', address, why } : { kind: 'ignore', why: 'unknown-client' })

  if (!isOurs(request, network)) { book.unhold(mac, nowMs); return { kind: 'ignore', why: 'other-server' } }
  const named = requestedAddress ?? clientAddress
  if (named !== null && book.isDisputed(named, mac)) return { kind: 'nak', address: named, why: disputedWhy }
  if (serverId !== null) { // SELECTING
    if (requestedAddress === null) return { kind: 'nak', address: '0.0.0.0', why: 'no address was asked for' }
    if (isOk(requestedAddress)) return grant(requestedAddress)
    return isKept(requestedAddress) ? poolFull : { kind: 'nak', address: requestedAddress, why: 'the address is not free' }
  }
  if (requestedAddress !== null && clientAddress === null) { // INIT-REBOOT
    if (!book.onNetwork(requestedAddress)) return refuse(requestedAddress, 'the address is of another network')
    // No record: another server may know this client, so silence (RFC 2131 §4.3.2). It falls back to DISCOVER.
    const wanted = claim.reserved ?? claim.preferred
    if (!own && wanted === null) return refuse(requestedAddress, 'the address was not given to this client')
    const expected = wanted !== null && isOk(wanted) ? wanted : own?.address
    return requestedAddress === expected && isOk(requestedAddress) ? grant(requestedAddress) : refuse(requestedAddress, 'the address belongs to another client')
  }
  if (clientAddress !== null) { // RENEWING and REBINDING
    if (!book.onNetwork(clientAddress)) return refuse(clientAddress, 'the address is of another network')
    // A client of ours that is using a free address keeps it, even where its lease was lost: taking it away would cut it off.
    if (isOk(clientAddress)) return isOurClient ? grant(clientAddress) : { kind: 'ignore', why: 'unknown-client' }
    return refuse(clientAddress, 'the address belongs to another client')
  }
  return { kind: 'ignore', why: 'not-for-us' }
}

/** Whether a message that names its server means us: by our address, or by the one that a relay put in its place. */
const isOurs = ({ serverId, relay }: BootRequest, network: NetworkView): boolean => serverId === null || serverId === network.address || serverId === relay.serverIdOverride

/** Whether this client may have this address: its reservation wherever it lies in the network, what it had before, else a free one of the pool. None of those that are kept where it is a stranger. */
function mayHave(address: string, book: LeaseBook, claim: Claim, nowMs: number, before: 'strangers' | 'nobody' = 'nobody'): boolean {
  if (!book.onNetwork(address) || !book.isFreeFor(address, claim, nowMs, before) || book.isKeptFrom(address, claim, nowMs)) return false
  return address === claim.reserved || address === claim.preferred || book.inPool(address)
}

/** What it asks for where that is less than the network gives (option 51). @see RFC 2131 §4.3.1 */
const leaseSeconds = (request: BootRequest, network: NetworkView): number => Math.min(network.leaseSeconds, Math.max(shortestLeaseSeconds, request.wantedSeconds ?? network.leaseSeconds))

function newLease(request: BootRequest, book: LeaseBook, network: NetworkView, address: string, seconds: number, nowMs: number): Lease {
  const displaced = book.displacedFrom(address, request.mac, nowMs)
  return {
    networkId: network.id, address, mac: request.mac, clientId: request.clientId, hostname: request.client.hostname,
    ...(request.client.uuid === null ? {} : { uuid: request.client.uuid }), ...(request.relayAddress === null ? {} : { relay: request.relayAddress }), ...(displaced === undefined ? {} : { displaced }),
    state: 'bound', startedAtMs: nowMs, expiresAtMs: nowMs + seconds * 1000,
  }
}
