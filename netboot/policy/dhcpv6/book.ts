import type { Mac } from '#contract/mac'
import { encodeIpv6, renderIpv6 } from '../../codec/ipv6.ts'

/** Who asks for an address: a client and one of its identity associations. */
export interface Owner6 { readonly duid: Uint8Array; readonly iaid: number; readonly mac: Mac | null }

interface Binding { readonly owner: string; readonly mac: Mac | null; readonly untilMs: number; readonly isDeclined: boolean }

const limit = 65_536
const declinedMs = 3_600_000
const tries = 16

/**
 * The addresses of one prefix. Which one a client gets follows from who it is (RFC 7943): the digest of prefix, DUID and IAID. So nothing need
 * be stored, a power cut loses no promise, and every client has its address for ever. Two of ten thousand machines share a digest of 62 bits
 * with a chance of one in 10^11; where they do, or an address was declined, the next digest is taken.
 *
 * INVARIANTS: bindings tell only who has an address now; whoever was bound or renewed longest ago is forgotten first, at 65,536.
 */
export class Address6Book {
  private readonly bindings = new Map<string, Binding>()
  private readonly prefix: Uint8Array
  private readonly digest: (bytes: Uint8Array) => Uint8Array

  /** `prefix`: 8 bytes. `digest`: any cryptographic one of 8 bytes or more. */
  constructor(prefix: Uint8Array, digest: (bytes: Uint8Array) => Uint8Array) {
    this.prefix = prefix
    this.digest = digest
  }

  /** The address of a client; undefined where sixteen in a row are somebody else's. */
  addressFor({ duid, iaid }: Owner6, nowMs: number): string | undefined {
    const owner = ownerKey(duid, iaid)
    for (let count = 0; count < tries; count += 1) {
      const digest = this.digest(Uint8Array.of(...this.prefix, ...duid, iaid >>> 24, (iaid >>> 16) & 0xff, (iaid >>> 8) & 0xff, iaid & 0xff, count))
      // The first byte keeps clear of our own ::1, of anycast (RFC 2526) and of the all-zeros one.
      const host = Uint8Array.of(((digest[0] ?? 0) & 0x3f) | 0x40, ...digest.subarray(1, 8))
      // Nor may it look as if it were made from a hardware address.
      if (host[3] === 0xff && host[4] === 0xfe) continue
      const address = renderIpv6(Uint8Array.of(...this.prefix, ...host))
      const binding = this.bindings.get(address)
      if (!binding || binding.untilMs <= nowMs || (binding.owner === owner && !binding.isDeclined)) return address
    }
    return undefined
  }

  /** Whether an address lies in the prefix. */
  holds(address: string): boolean {
    const bytes = encodeIpv6(address)
    return this.prefix.every((byte, at) => bytes[at] === byte)
  }

  /** It is the client's until then. */
  bind(address: string, { duid, iaid, mac }: Owner6, untilMs: number): void {
    this.put(address, { owner: ownerKey(duid, iaid), mac, untilMs, isDeclined: false })
  }

  /** It is the client's no more; false where it was not. */
  release(address: string, { duid, iaid }: Owner6): boolean {
    return this.bindings.get(address)?.owner === ownerKey(duid, iaid) && this.bindings.delete(address)
  }

  /** Its client found somebody else on it: nobody gets it for an hour. False where it was not the client's. */
  decline(address: string, { duid, iaid }: Owner6, nowMs: number): boolean {
    const owner = ownerKey(duid, iaid)
    if (this.bindings.get(address)?.owner !== owner) return false
    this.put(address, { owner, mac: null, untilMs: nowMs + declinedMs, isDeclined: true })
    return true
  }

  /** Who has this address, or null. */
  macOf(address: string, nowMs: number): Mac | null {
    const binding = this.bindings.get(address)
    return binding && binding.untilMs > nowMs ? binding.mac : null
  }

  private put(address: string, binding: Binding): void {
    this.bindings.delete(address)
    this.bindings.set(address, binding)
    if (this.bindings.size > limit) this.bindings.delete(this.bindings.keys().next().value ?? address)
  }
}

const ownerKey = (duid: Uint8Array, iaid: number): string => `${iaid} ${Buffer.from(duid).toString('latin1')}`
