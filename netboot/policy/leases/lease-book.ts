import type { Mac } from '#contract/mac'
import { contains, parseCidr, type Ipv4Network } from '../../codec/ipv4.ts'
import type { Lease, NetworkView, Reservation } from '../../site.ts'
import { AddressPool } from './address-pool.ts'
import { AddressQueue } from './address-queue.ts'
import { readRanges, type AddressRanges } from './address-ranges.ts'
import { ExpiryWheel } from './expiry-wheel.ts'

/** Who asks: what decides about an address besides the packet. */
export interface Client {
  readonly mac: Mac
  /** The address that was reserved for it on this network, or null. */
  readonly reserved: string | null
  /** It was inventoried, or an address is reserved for it: it goes before strangers. Whoever was only seen, or once had a lease, is a stranger. */
  readonly isKnown: boolean
}

/** An address held for a client between OFFER and REQUEST. Lost at a restart: the client asks again. */
interface Hold { readonly mac: Mac; readonly untilMs: number; readonly isKnown: boolean }

const holdMs = 60_000
/** A part of each pool is for machines that are known, so that a flood of strangers cannot take all: one address in 16, at most 256. */
const knownShare = 16
const knownMost = 256

/**
 * Who has which address of one network, in memory: the working copy of the leases that the site stores. What it does for a packet takes
 * the same time however many addresses and leases there are, and it keeps nothing but what an address of the network bounds.
 *
 * INVARIANTS: at most one lease and one hold an address, and one hold a client; `byMac` names the newest lease of a MAC. An address of the
 * pool is in `pool` where it is free and nobody ever had it, in `reusable` where it is free and somebody had, and else in neither; `silent` is a
 * part of `reusable`. A machine is known by its MAC alone: firmware, iPXE, ramdisk and system each send another client id, and it shall keep one address.
 */
export class LeaseBook {
  private readonly byAddress = new Map<string, Lease>()
  private readonly byMac = new Map<Mac, string>()
  /** Oldest first. */
  private readonly holds = new Map<string, Hold>()
  private readonly strangersHolds = new AddressQueue()
  private readonly heldBy = new Map<Mac, string>()
  /** On their way to the disk: how many commits for which MAC. */
  private readonly committing = new Map<string, { mac: Mac; count: number }>()
  private readonly wheel = new ExpiryWheel()
  /** Nothing ends before this time: two looks at the clock for each DISCOVER would otherwise walk over what has ended long ago. */
  private nextEndMs = 0
  /** Longest out of use first. */
  private readonly reusable = new AddressQueue()
  /** Those of them on which nobody answered lately. */
  private readonly silent = new AddressQueue()
  /** Clients whose address somebody else was found on, by that address: what the leases say, but for those that were offered it anew. */
  private readonly disputed = new Map<string, NonNullable<Lease['displaced']>>()
  private network: NetworkView
  private cidr: Ipv4Network | undefined
  private ranges: AddressRanges
  private pool = new AddressPool(0)
  private leftOut = new Set<number>()
  private reservations: ReadonlyMap<string, Reservation>

  constructor(network: NetworkView, stored: readonly Lease[], reservations: ReadonlyMap<string, Reservation> = new Map()) {
    this.network = network
    this.cidr = parseCidr(network.cidr)
    this.ranges = readRanges(network)
    this.reservations = reservations
    this.layOut()
    for (const lease of [...stored].sort((a, b) => a.startedAtMs - b.startedAtMs)) if (lease.networkId === network.id) this.record(lease)
  }

  /** Takes over what an operator changed. Costs as much as the pool is large where ranges or reservations changed. */
  update(network: NetworkView, reservations: ReadonlyMap<string, Reservation>): void {
    const before = this.network
    this.network = network
    if (reservations === this.reservations && sameRanges(before, network)) return
    this.cidr = parseCidr(network.cidr)
    this.ranges = readRanges(network)
    this.reservations = reservations
    this.layOut()
  }

  /** Takes over a lease that was stored. */
  record(lease: Lease): void {
    const before = this.byAddress.get(lease.address)
    if (before && before.mac !== lease.mac && this.byMac.get(before.mac) === lease.address) this.byMac.delete(before.mac)
    this.byAddress.set(lease.address, lease)
    if (lease.displaced) this.disputed.set(lease.address, lease.displaced)
    else this.disputed.delete(lease.address)
    this.drop(lease.address)
    if (!isAbandoned(lease)) this.byMac.set(lease.mac, lease.address)
    else if (this.byMac.get(lease.mac) === lease.address) this.byMac.delete(lease.mac)
    this.occupy(lease.address)
    if (lease.state === 'released') this.settle(lease.address, lease.expiresAtMs)
    else this.wheel.set(lease.address, lease.expiresAtMs)
  }

  /** Takes over that somebody uses an address who was never given it. Whose it was is refused it from now on: the lease to be stored says so. */
  recordConflict(conflict: Lease, nowMs: number): Lease {
    const { address } = conflict
    const [client, lease] = [this.clientOf(address, nowMs), this.byAddress.get(address)]
    const untilMs = lease?.state === 'bound' && lease.mac === client ? lease.expiresAtMs : nowMs + this.network.leaseSeconds * 1000
    const displaced = client === undefined ? lease?.displaced : { mac: client, untilMs }
    const told = displaced === undefined ? conflict : { ...conflict, displaced }
    this.record(told)
    return told
  }

  /** Whether somebody else was found on this address while it was this client's, who was not offered it since. */
  isDisputed(address: string, mac: Mac): boolean { return this.disputed.get(address)?.mac === mac }

  /** Who may still use this address by a lease that ended when somebody else was found on it, where another client gets it now; else undefined. */
  displacedFrom(address: string, mac: Mac, nowMs: number): Lease['displaced'] {
    const displaced = this.disputed.get(address)
    return displaced && displaced.mac !== mac && displaced.untilMs > nowMs ? displaced : undefined
  }

  /** Who has this address or is promised it, or undefined. */
  clientOf(address: string, nowMs: number): Mac | undefined {
    const lease = this.byAddress.get(address)
    return this.committing.get(address)?.mac ?? (lease?.state === 'bound' && lease.expiresAtMs > nowMs ? lease.mac : this.holds.get(address)?.mac)
  }

  /** The lease of this MAC, running or past, or undefined. */
  ofMac(mac: Mac): Lease | undefined {
    return this.byAddress.get(this.byMac.get(mac) ?? '')
  }

  /** Who has or had this address, or undefined. */
  ofAddress(address: string): Lease | undefined {
    return this.byAddress.get(address)
  }

  /** Keeps an address for a client until its REQUEST. One client holds one address; whoever held this one loses it. */
  hold(address: string, client: Pick<Client, 'mac' | 'isKnown'>, nowMs: number): void {
    this.unhold(client.mac, nowMs)
    this.drop(address)
    this.holds.set(address, { mac: client.mac, untilMs: nowMs + holdMs, isKnown: client.isKnown })
    this.heldBy.set(client.mac, address)
    if (this.isDisputed(address, client.mac)) this.disputed.delete(address)
    if (!client.isKnown) this.strangersHolds.add(address)
    this.occupy(address)
  }

  /** Gives back what was held for a client. */
  unhold(mac: Mac, nowMs: number): void {
    const address = this.heldBy.get(mac)
    if (address === undefined) return
    this.drop(address)
    this.settle(address, nowMs)
  }

  /** The address held for this MAC, or undefined. */
  heldFor(mac: Mac): string | undefined {
    return this.heldBy.get(mac)
  }

  /** Nobody else may have this address until `settled` was called as often. */
  commit(address: string, mac: Mac): void {
    const count = this.committing.get(address)?.count ?? 0
    this.committing.set(address, { mac, count: count + 1 })
    this.strangersHolds.delete(address)
    this.occupy(address)
  }

  /** A commit came to its end, well or not. */
  settled(address: string, nowMs: number): void {
    const pending = this.committing.get(address)
    if (pending && pending.count > 1) { this.committing.set(address, { ...pending, count: pending.count - 1 }); return }
    this.committing.delete(address)
    this.settle(address, nowMs)
  }

  /** Whether nobody but this client has or is promised this address. What only a stranger was promised, `before` strangers may still have. */
  isFreeFor(address: string, client: Client, nowMs: number, before: 'strangers' | 'nobody' = 'nobody'): boolean {
    const pending = this.committing.get(address)
    if (pending && pending.mac !== client.mac) return false
    const hold = this.holds.get(address)
    if (hold && hold.mac !== client.mac && hold.untilMs > nowMs && (before === 'nobody' || hold.isKnown)) return false
    if (client.reserved !== address && this.reservations.has(address)) return false
    const lease = this.byAddress.get(address)
    if (!lease || lease.expiresAtMs <= nowMs || lease.state === 'released') return true
    return lease.state === 'bound' && lease.mac === client.mac
  }

  /** Whether this client, a stranger, would take this address from those that are kept for machines that are known. Not where it has it, or was promised it. */
  isKeptFrom(address: string, client: Client, nowMs: number): boolean {
    if (client.isKnown || this.freeCount > this.keptForKnown() || !this.inPool(address)) return false
    if (this.heldBy.get(client.mac) === address || this.committing.get(address)?.mac === client.mac) return false
    const lease = this.byAddress.get(address)
    return lease?.mac !== client.mac || lease.state !== 'bound' || lease.expiresAtMs <= nowMs
  }

  /** Whether an address may be given out from the pool: inside a range, not excluded, not our own, not the gateway. */
  inPool(address: string): boolean {
    const index = this.ranges.index(address)
    return index !== undefined && !this.leftOut.has(index)
  }

  /** Whether an address belongs to this network at all, and may be a client's. */
  onNetwork(address: string): boolean {
    return this.cidr !== undefined && contains(this.cidr, address) && address !== this.network.address && !contains({ ...this.cidr, last: this.cidr.first }, address) && !contains({ ...this.cidr, first: this.cidr.last }, address)
  }

  /**
   * An address for a client that has none: one that nobody ever had, else the one that is longest out of use, of both one on which nobody
   * answered before one that was not asked about; else, for a machine that is known, the one that was promised to a stranger first.
   * Undefined where the pool is full.
   */
  choose(client: Client, nowMs: number): string | undefined {
    this.sweep(nowMs)
    if (!client.isKnown && this.freeCount <= this.keptForKnown()) return undefined
    const index = this.pool.probedCount === 0 && this.silent.size > 0 ? undefined : this.pool.pick(hashMac(client.mac))
    if (index !== undefined) return this.ranges.address(index)
    return this.silent.first ?? this.reusable.first ?? (client.isKnown ? this.strangersHolds.first : undefined)
  }

  /** Ends what is over: holds and leases. */
  sweep(nowMs: number): void {
    if (nowMs < this.nextEndMs) return
    // The wheel turns with the second, and a new hold outlasts it.
    this.nextEndMs = (Math.floor(nowMs / 1000) + 1) * 1000
    for (const [address, hold] of this.holds) {
      if (hold.untilMs > nowMs) { this.nextEndMs = Math.min(this.nextEndMs, hold.untilMs); break }
      this.drop(address)
      this.settle(address, nowMs)
    }
    const ended = this.wheel.ended(nowMs).map((address) => ({ address, atMs: this.byAddress.get(address)?.expiresAtMs ?? 0 }))
    for (const { address } of ended.sort((a, b) => a.atMs - b.atMs)) this.settle(address, nowMs)
  }

  /** How many addresses could be given out now. */
  get freeCount(): number { return this.pool.freeCount + this.reusable.size }

  /** How many addresses the network gives out at all. */
  get size(): number { return this.ranges.size - this.leftOut.size }

  /** How many are promised and not yet taken. */
  get heldCount(): number { return this.holds.size }

  /** All leases, running or past. */
  leases(): IterableIterator<Lease> { return this.byAddress.values() }

  /**
   * At most so many free addresses of the pool that are to be asked about on the wire: those that nobody ever had, following from `seed`,
   * then those that somebody had, longest out of use first. None where there are `enough` that are silent, and none that `isAsked`.
   */
  toProbe(seed: number, many: number, enough: number, isAsked: (address: string) => boolean): ReadonlySet<string> {
    const found = new Set<string>()
    if (this.pool.probedCount + this.silent.size >= enough) return found
    for (let turn = 0; turn < many; turn += 1) {
      const index = this.pool.pickUnprobed(seed + turn)
      const address = index === undefined ? undefined : this.ranges.address(index)
      if (address === undefined) break
      if (!isAsked(address)) found.add(address)
    }
    for (const address of this.reusable) {
      if (found.size >= many) break
      if (!this.silent.has(address) && !isAsked(address)) found.add(address)
    }
    return found
  }

  /** Nobody answered on this address. */
  foundSilent(address: string): void {
    const index = this.ranges.index(address)
    if (index !== undefined) this.pool.markProbed(index)
    if (this.reusable.has(address)) this.silent.add(address)
  }

  /** What was found silent long ago is to be looked at again. */
  forgetSilent(): void { this.pool.unprobeAll(); this.silent.clear() }

  private keptForKnown(): number { return Math.min(knownMost, Math.floor(this.size / knownShare)) }

  /** Takes it out of what is free. */
  private occupy(address: string): void {
    this.reusable.delete(address)
    this.silent.delete(address)
    const index = this.ranges.index(address)
    if (index !== undefined) this.pool.take(index)
  }

  /** Puts it among what is free, where it is. */
  private settle(address: string, nowMs: number): void {
    const index = this.ranges.index(address)
    if (index === undefined || this.leftOut.has(index) || this.reservations.has(address) || this.holds.has(address) || this.committing.has(address)) return
    const lease = this.byAddress.get(address)
    if (!lease) this.pool.giveBack(index)
    else if (lease.state === 'released' || lease.expiresAtMs <= nowMs) this.reusable.add(address)
    else this.wheel.set(address, lease.expiresAtMs)
  }

  private drop(address: string): void {
    const hold = this.holds.get(address)
    if (!hold) return
    this.holds.delete(address)
    this.strangersHolds.delete(address)
    this.heldBy.delete(hold.mac)
  }

  private layOut(): void {
    this.nextEndMs = 0
    this.pool = new AddressPool(this.ranges.size)
    this.leftOut = new Set(this.ranges.left)
    this.reusable.clear()
    this.silent.clear()
    for (const index of this.leftOut) this.pool.take(index)
    for (const taken of [this.reservations, this.holds, this.committing, this.byAddress]) for (const address of taken.keys()) this.occupy(address)
    // Those that are over come back with the next look at the clock, the one longest out of use first.
    for (const lease of this.byAddress.values()) this.wheel.set(lease.address, lease.state === 'released' ? 0 : lease.expiresAtMs)
  }
}

const isAbandoned = (lease: Lease): boolean => lease.state === 'declined' || lease.state === 'conflict'

const sameRanges = (a: NetworkView, b: NetworkView): boolean => a === b || JSON.stringify(layoutOf(a)) === JSON.stringify(layoutOf(b))

const layoutOf = (network: NetworkView): unknown[] => [network.cidr, network.address, network.gateway, network.ranges, network.excluded]

/** FNV-1a over the text of the MAC: spreads machines over the range, the same at every start. */
function hashMac(mac: Mac): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < mac.length; at += 1) hash = Math.imul(hash ^ mac.charCodeAt(at), 0x01000193)
  // A number for which the engine needs no object.
  return hash >>> 2
}
