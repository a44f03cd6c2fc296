import type { DropReason, Lease, NetworkView } from '../site.ts'
import type { BootRequest } from './boot-request.ts'
import type { LeaseBook } from './lease-book.ts'

/** What to do about a client's address. Leases in it are not stored yet. */
export type LeaseDecision =
  | { kind: 'offer'; address: string; leaseSeconds: number }
  | { kind: 'ack'; lease: Lease; leaseSeconds: number }
  /** Parameters only: the client has its address from elsewhere. */
  | { kind: 'inform'; address: string }
  | { kind: 'nak'; address: string; why: string }
  | { kind: 'release' | 'decline'; lease: Lease }
  | { kind: 'ignore'; why: DropReason & ('pool-full' | 'other-server' | 'unknown-client' | 'not-for-us' | 'proxy-only') }

/** How long an address on which somebody else answers is left alone. */
const declineMs = 10 * 60_000

/**
 * What a DHCP server must do, state by state. Changes nothing but the holds of `book`.
 *
 * @see RFC 2131 §4.3 and table 4 (which of serverId, requestedAddress and ciaddr is set tells the four kinds of REQUEST apart)
 */
export function decideLease(request: BootRequest, book: LeaseBook, network: NetworkView, reserved: string | null, nowMs: number): LeaseDecision {
  if (network.mode === 'proxy') return { kind: 'ignore', why: 'proxy-only' }
  switch (request.type) {
    case 'discover': return decideDiscover(request, book, network, reserved, nowMs)
    case 'request': return decideRequest(request, book, network, reserved, nowMs)
    case 'inform': return request.clientAddress ? { kind: 'inform', address: request.clientAddress } : { kind: 'ignore', why: 'not-for-us' }
    case 'release': {
      const lease = request.clientAddress ? book.ofAddress(request.clientAddress) : undefined
      if (!lease || lease.mac !== request.mac || lease.state !== 'bound') return { kind: 'ignore', why: 'unknown-client' }
      return { kind: 'release', lease: { ...lease, state: 'released', expiresAtMs: nowMs } }
    }
    case 'decline': {
      const lease = request.requestedAddress ? book.ofAddress(request.requestedAddress) : undefined
      if (request.serverId !== null && request.serverId !== network.address) return { kind: 'ignore', why: 'other-server' }
      if (!lease || lease.mac !== request.mac) return { kind: 'ignore', why: 'unknown-client' }
      return { kind: 'decline', lease: { ...lease, state: 'declined', expiresAtMs: nowMs + declineMs } }
    }
    default: return { kind: 'ignore', why: 'not-for-us' }
  }
}

function decideDiscover(request: BootRequest, book: LeaseBook, network: NetworkView, reserved: string | null, nowMs: number): LeaseDecision {
  const own = book.ofMac(request.mac)?.address
  const candidates = [reserved, own, book.heldFor(request.mac, nowMs), request.requestedAddress]
  const address = candidates.find((candidate) => candidate && mayHave(candidate, request, book, reserved, nowMs)) ?? book.choose(request.mac, nowMs)
  if (!address) return { kind: 'ignore', why: 'pool-full' }
  book.hold(address, request.mac, nowMs)
  return { kind: 'offer', address, leaseSeconds: network.leaseSeconds }
}

function decideRequest(request: BootRequest, book: LeaseBook, network: NetworkView, reserved: string | null, nowMs: number): LeaseDecision {
  const { mac, serverId, requestedAddress, clientAddress } = request
  const grant = (address: string): LeaseDecision => ({ kind: 'ack', lease: newLease(request, network, address, nowMs), leaseSeconds: network.leaseSeconds })
  const isOk = (address: string): boolean => mayHave(address, request, book, reserved, nowMs)

  if (serverId !== null) { // SELECTING
    if (serverId !== network.address) { book.unhold(mac); return { kind: 'ignore', why: 'other-server' } }
    if (requestedAddress === null) return { kind: 'nak', address: '0.0.0.0', why: 'no address was asked for' }
    return isOk(requestedAddress) ? grant(requestedAddress) : { kind: 'nak', address: requestedAddress, why: 'the address is not free' }
  }
  if (requestedAddress !== null && clientAddress === null) { // INIT-REBOOT
    if (!book.onNetwork(requestedAddress)) return { kind: 'nak', address: requestedAddress, why: 'the address is of another network' }
    const own = book.ofMac(mac)
    // No record: another server may know this client, so silence (RFC 2131 §4.3.2). It falls back to DISCOVER.
    if (!own && reserved === null) return { kind: 'ignore', why: 'unknown-client' }
    const expected = reserved ?? own?.address
    return requestedAddress === expected && isOk(requestedAddress) ? grant(requestedAddress) : { kind: 'nak', address: requestedAddress, why: 'the address belongs to another client' }
  }
  if (clientAddress !== null) { // RENEWING and REBINDING
    if (!book.onNetwork(clientAddress)) return { kind: 'nak', address: clientAddress, why: 'the address is of another network' }
    // A client that is using a free address of ours keeps it, even where its lease was lost: taking it away would cut it off.
    return isOk(clientAddress) ? grant(clientAddress) : { kind: 'nak', address: clientAddress, why: 'the address belongs to another client' }
  }
  return { kind: 'ignore', why: 'not-for-us' }
}

/** Whether this client may have this address: its reservation wherever it lies in the network, else a free one of the pool. */
function mayHave(address: string, request: BootRequest, book: LeaseBook, reserved: string | null, nowMs: number): boolean {
  if (!book.onNetwork(address) || !book.isFreeFor(address, request.mac, nowMs)) return false
  return address === reserved || book.inPool(address)
}

function newLease(request: BootRequest, network: NetworkView, address: string, nowMs: number): Lease {
  return {
    networkId: network.id, address, mac: request.mac, clientId: request.clientId, hostname: request.client.hostname,
    state: 'bound', startedAtMs: nowMs, expiresAtMs: nowMs + network.leaseSeconds * 1000,
  }
}
