import type { DropReason, Lease, NetworkView } from '../../site.ts'
import type { BootRequest } from './boot-request.ts'
import type { Grant } from './compose-reply.ts'
import type { BootAnswer } from './decide-offer.ts'
import { decideLease, type Claim } from './decide-lease.ts'
import type { LeaseBook } from '../leases/lease-book.ts'

/** What a DHCP server does with one message, address and booting together. */
export type DhcpAnswer =
  /** `lease` must be stored before the reply leaves. */
  | { kind: 'reply'; grant: Grant; lease: Lease | null }
  | { kind: 'nak'; address: string; why: string }
  /** Stored, and nothing is said. */
  | { kind: 'silent'; lease: Lease }
  | { kind: 'ignore'; why: DropReason }

/** Joins the two decisions. `port` is where the message came to: 4011 gives boot answers only, and so does a network in proxy mode. */
export function decideAnswer(request: BootRequest, port: number, boot: BootAnswer, book: LeaseBook, network: NetworkView, claim: Claim & { hostname: string | null }, nowMs: number): DhcpAnswer {
  if (boot.kind === 'ignore') return boot
  if (port === 4011 || network.mode === 'proxy') return decideProxy(request, port, boot)
  const { hostname } = claim
  const decided = decideLease(request, book, network, claim, nowMs)
  switch (decided.kind) {
    case 'offer': return { kind: 'reply', grant: { type: 'offer', address: decided.address, leaseSeconds: decided.leaseSeconds, hostname }, lease: null }
    case 'ack': return { kind: 'reply', grant: { type: 'ack', address: decided.lease.address, leaseSeconds: decided.leaseSeconds, hostname }, lease: decided.lease }
    // RFC 2131 §4.3.5: no yiaddr and no lease time in the answer to INFORM.
    case 'inform': return { kind: 'reply', grant: { type: 'ack', address: '0.0.0.0', leaseSeconds: null, hostname }, lease: null }
    case 'nak': return decided
    case 'release':
    case 'decline': return { kind: 'silent', lease: decided.lease }
    case 'ignore': return decided
  }
}

/** PXE 2.1 §2.2: firmware asks the proxy in its DISCOVER, or alone on 4011 once it has an address. */
function decideProxy(request: BootRequest, port: number, boot: BootAnswer): DhcpAnswer {
  if (boot.kind !== 'boot') return { kind: 'ignore', why: 'not-pxe' }
  const grant = (type: Grant['type']): DhcpAnswer => ({ kind: 'reply', grant: { type, address: '0.0.0.0', leaseSeconds: null, hostname: null }, lease: null })
  if (port === 4011) return request.type === 'request' || request.type === 'inform' ? grant('ack') : { kind: 'ignore', why: 'not-for-us' }
  return request.type === 'discover' ? grant('offer') : { kind: 'ignore', why: 'proxy-only' }
}
