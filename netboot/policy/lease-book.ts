import type { Mac } from '#contract/mac'
import { contains, parseCidr, parseIpv4, renderIpv4 } from '../codec/ipv4.ts'
import type { Lease, NetworkView } from '../site.ts'

/** An address held for a client between OFFER and REQUEST. Lost at a restart: the client asks again. */
interface Hold { readonly mac: Mac; readonly untilMs: number }

const holdMs = 60_000

/**
 * Who has which address of one network, in memory: the working copy of the leases that the site stores.
 *
 * INVARIANTS: at most one lease an address; `byMac` names the newest lease of a MAC that is not declined. A machine is known by its MAC
 * alone: firmware, iPXE, ramdisk and system each send another client id, and it shall keep one address through all of them.
 */
export class LeaseBook {
  private readonly byAddress = new Map<string, Lease>()
  private readonly byMac = new Map<Mac, string>()
  private readonly holds = new Map<string, Hold>()
  private readonly network: NetworkView

  constructor(network: NetworkView, stored: readonly Lease[]) {
    this.network = network
    for (const lease of [...stored].sort((a, b) => a.startedAtMs - b.startedAtMs)) if (lease.networkId === network.id) this.record(lease)
  }

  /** Takes over a lease that was stored. */
  record(lease: Lease): void {
    const before = this.byAddress.get(lease.address)
    if (before && before.mac !== lease.mac && this.byMac.get(before.mac) === lease.address) this.byMac.delete(before.mac)
    this.byAddress.set(lease.address, lease)
    this.holds.delete(lease.address)
    if (lease.state !== 'declined' && lease.state !== 'conflict') this.byMac.set(lease.mac, lease.address)
    else if (this.byMac.get(lease.mac) === lease.address) this.byMac.delete(lease.mac)
  }

  /** The lease of this MAC, running or past, or undefined. */
  ofMac(mac: Mac): Lease | undefined {
    return this.byAddress.get(this.byMac.get(mac) ?? '')
  }

  /** Who has or had this address, or undefined. */
  ofAddress(address: string): Lease | undefined {
    return this.byAddress.get(address)
  }

  /** Keeps an address for a client until its REQUEST. One client holds one address. */
  hold(address: string, mac: Mac, nowMs: number): void {
    for (const [held, hold] of this.holds) if (hold.mac === mac || hold.untilMs <= nowMs) this.holds.delete(held)
    this.holds.set(address, { mac, untilMs: nowMs + holdMs })
  }

  /** Gives back what was held for a client that chose another server. */
  unhold(mac: Mac): void {
    for (const [address, hold] of this.holds) if (hold.mac === mac) this.holds.delete(address)
  }

  /** The address held for this MAC, or undefined. */
  heldFor(mac: Mac, nowMs: number): string | undefined {
    for (const [address, hold] of this.holds) if (hold.mac === mac && hold.untilMs > nowMs) return address
    return undefined
  }

  /** Whether nobody but `mac` has or is promised this address. */
  isFreeFor(address: string, mac: Mac, nowMs: number): boolean {
    const hold = this.holds.get(address)
    if (hold && hold.mac !== mac && hold.untilMs > nowMs) return false
    const lease = this.byAddress.get(address)
    if (!lease || lease.expiresAtMs <= nowMs || lease.state === 'released') return true
    return lease.state === 'bound' && lease.mac === mac
  }

  /** Whether an address may be given out from the pool: inside the range, not our own, not the gateway. */
  inPool(address: string): boolean {
    const value = parseIpv4(address)
    const [from, to] = this.range()
    return value !== undefined && value >= from && value <= to && address !== this.network.address && address !== this.network.gateway
  }

  /** Whether an address belongs to this network at all. */
  onNetwork(address: string): boolean {
    const network = parseCidr(this.network.cidr)
    return network !== undefined && contains(network, address) && parseIpv4(address) !== network.first && parseIpv4(address) !== network.last
  }

  /**
   * An address for a MAC that has none: its place in the range follows from the MAC, then the next that nobody ever had, then the one
   * that has been out of use longest. Undefined where the pool is full.
   */
  choose(mac: Mac, nowMs: number): string | undefined {
    const [from, to] = this.range()
    const size = to - from + 1
    if (size < 1) return undefined
    const start = hashMac(mac) % size
    let oldest: Lease | undefined
    for (let step = 0; step < size; step += 1) {
      const address = renderIpv4(from + ((start + step) % size))
      if (!this.inPool(address) || !this.isFreeFor(address, mac, nowMs)) continue
      const lease = this.byAddress.get(address)
      if (!lease) return address
      if (!oldest || lease.expiresAtMs < oldest.expiresAtMs) oldest = lease
    }
    return oldest?.address
  }

  private range(): [number, number] {
    const from = parseIpv4(this.network.ranges[0]?.from ?? '') ?? 1
    return [from, Math.min(parseIpv4(this.network.ranges[0]?.to ?? '') ?? 0, from + 0xffff)]
  }
}

/** FNV-1a over the text of the MAC: spreads machines over the range, the same at every start. */
function hashMac(mac: Mac): number {
  let hash = 0x811c9dc5
  for (const char of mac) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash
}
