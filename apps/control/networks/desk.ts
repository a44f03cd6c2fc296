import type { ClientMatch, HostInterface, Lease as LeaseView, LeasePage, LeaseQuery, Network, NetworkPatch, NetworkRemoved, NetworkRequest, PoolMap, Reservation, ReservationRequest } from '#contract/network-api'
import { contains, parseCidr } from '#netboot/codec/ipv4'
import type { Lease } from '#netboot/site'
import { Refusal } from '../http/deps.ts'
import type { MachineRecord } from '../machines/record.ts'
import { matchesClient, parseClient, renderClient } from './client-match.ts'
import type { HostCard } from './host.ts'
import type { LeaseIndex } from './lease-index.ts'
import { pageLeases, refuseRelease, renderLease, stateOf } from './lease-view.ts'
import { nameSome, refuseRemoval } from './refuse-removal.ts'
import type { NetworkBook, StoredReservation } from './network-book.ts'
import type { NetworkConfig, NetworkSettings, Standing, StoredNetwork } from './network-config.ts'
import { parseOption } from './option-value.ts'
import { mapPool } from './pool-map.ts'
import { describeChange, renderNetwork } from './render-network.ts'
import type { SiteState } from './site-state.ts'
import { subnetOf } from './subnet.ts'
import { validateCidr, validateNetwork, validateReservation } from './validate-network.ts'

/** What operators see and do of networks, leases and reservations. Acts reject with a `Refusal` that says what does not fit. */
export interface NetworkDesk {
  all(): Network[]
  find(id: string): Network
  add(request: NetworkRequest, by: string): Promise<Network>
  change(id: string, patch: NetworkPatch, by: string): Promise<Network>
  /** Resolves to the machines that are cut off by it: their agents know no other address of the appliance. Refused without force where there are any. */
  remove(id: string, force: boolean, by: string): Promise<NetworkRemoved>
  pool(id: string): PoolMap
  interfaces(): HostInterface[]
  leases(query: LeaseQuery): LeasePage
  release(address: string, force: boolean, by: string): Promise<void>
  reservations(networkId?: string): Reservation[]
  reserve(request: ReservationRequest, by: string): Promise<Reservation>
  /** Puts a reservation of another client, address or host name in this one's place; who made it, and when, stays. */
  changeReservation(address: string, request: ReservationRequest, by: string): Promise<Reservation>
  unreserve(address: string, by: string): Promise<void>
}

/** What the desk works with. */
export interface DeskDeps {
  readonly book: NetworkBook
  readonly leases: LeaseIndex
  readonly state: SiteState
  readonly standing: Standing
  /** By MAC in its one form; asked for every lease of a page. */
  holder(mac: string): MachineRecord | undefined
  /** By id, name or MAC. */
  machine(reference: string): MachineRecord | undefined
  /** The machines whose agents ask at this address of ours. */
  agentsAt(address: string): readonly MachineRecord[]
  cards(): readonly HostCard[]
  /** Stores that a lease is released, and tells netboot. Rejects where it cannot be stored. */
  release(lease: Lease): Promise<void>
  /** A line in one machine's own journal. */
  told(machineId: string, kind: string, sentence: string, data: Record<string, unknown>): Promise<void>
  /** Journal and audit. */
  acted(act: string, target: string, sentence: string, by: string, data: Record<string, unknown>): Promise<void>
  now(): number
}

/** Opens the desk. */
export function openNetworkDesk(deps: DeskDeps): NetworkDesk {
  const { book, leases, state, standing, now } = deps
  const config = (id: string): NetworkConfig => {
    const found = book.find(id)
    if (found === undefined) throw new Refusal(404, `There is no network “${id}”. There are: ${book.networks().map((one) => one.id).join(', ')}.`)
    return found
  }
  const leaseOf = (address: string): Lease | undefined => { const network = book.ofAddress(address); return network && leases.find(network.id, address) }
  const running = (lease: Lease | undefined): Lease | undefined => (lease !== undefined && stateOf(lease, now()) === 'bound' ? lease : undefined)
  const whoHas = (lease: Lease): string => deps.holder(lease.mac)?.name ?? (lease.hostname || lease.mac)

  function showReservation(one: StoredReservation): Reservation {
    const lease = running(leaseOf(one.address))
    const inUse = lease !== undefined && matchesClient(one.match, lease)
    const machine = 'mac' in one.match ? deps.holder(one.match.mac) : inUse ? deps.holder(lease.mac) : undefined
    const problem = lease === undefined || inUse ? null : `${one.address} is still in use by ${whoHas(lease)}: its client gets it once that lease ends.`
    return { ...one, machineId: machine?.id ?? null, machineName: machine?.name ?? null, inUse, problem }
  }
  const reservationsOf = (networkId?: string): Reservation[] => book.reservations().filter((one) => networkId === undefined || one.networkId === networkId).map(showReservation)
  const show = (network: NetworkConfig): Network => {
    const its = reservationsOf(network.id)
    return renderNetwork(network, { leases: leases.of(network.id), reservations: { count: its.length, troubled: its.filter(({ problem }) => problem !== null).length }, otherServers: state.otherServers(network.id), lacksServer: network.mode === 'proxy' && state.lacksServer(network.id), nowMs: now() })
  }
  /** Those that stand on an interface itself. */
  const onWire = (device: string): NetworkConfig[] => book.networks().filter((one) => !one.relayed && one.interface === device)
  const reservationOf = (address: string): StoredReservation => {
    const found = book.reservations().find((one) => one.address === address)
    if (found === undefined) throw new Refusal(404, `${address} is not reserved.`)
    return found
  }
  /** Whom a reservation is for and where it belongs; `before`: the one whose place it takes. */
  function judgeReservation({ client, address }: ReservationRequest, before?: StoredReservation): { networkId: string; match: ClientMatch; who: string } {
    const machine = deps.machine(client)
    const match = parseClient(client) ?? (machine === undefined ? undefined : { mac: machine.mac })
    if (match === undefined) throw new Refusal(422, `“${client}” is no client: give a MAC, a UUID, a client id as hex (id:01…), or the name of a machine.`)
    const isSame = before !== undefined && before.address === address && renderClient(before.match) === renderClient(match)
    const held = isSame ? undefined : running(leaseOf(address))
    const holder = held === undefined || matchesClient(match, held) ? undefined : whoHas(held)
    const judged = validateReservation(address, match, { networks: book.networks(), reservations: book.reservations().filter((one) => one !== before), holder: () => holder })
    if (!judged.ok) throw new Refusal(422, judged.sentence)
    return { networkId: judged.network.id, match, who: machine?.name ?? renderClient(match) }
  }
  function check(network: NetworkConfig, cards: readonly HostCard[] | undefined): void {
    const wrong = validateNetwork(network, book.networks().filter(({ id }) => id !== network.id), cards)
    if (wrong.length > 0) throw new Refusal(422, wrong.join(' '))
  }
  /** Settings with what is asked for, options parsed. */
  function merged(before: NetworkSettings, { options, ...asked }: NetworkPatch): NetworkSettings {
    const next: Record<string, unknown> = { ...before }
    for (const [name, value] of Object.entries(asked)) {
      if (value === null) delete next[name]
      else if (value !== undefined) next[name] = value
    }
    if (options !== undefined) {
      const parsed = options.map(parseOption)
      const faults = parsed.flatMap((one) => (one.ok ? [] : [one.fault.sentence]))
      if (faults.length > 0) throw new Refusal(422, faults.join(' '))
      next['options'] = parsed.flatMap((one) => (one.ok ? [one.value] : []))
    }
    return next
  }

  return {
    all: () => book.networks().map(show),
    find: (id) => show(config(id)),
    interfaces: () => deps.cards().map((card) => ({ ...card, addresses: [...card.addresses], networkId: onWire(card.name)[0]?.id ?? null, free: card.addresses.filter((address) => book.ofAddress(address.split('/')[0] ?? '') === undefined) })),
    pool(id) {
      const network = config(id)
      return mapPool(network, leases.of(id), book.reservations().filter((one) => one.networkId === id).map(({ address }) => address), whoHas, now())
    },

    async add(request, by) {
      const { id: wantedId, cidr: wantedCidr, relayed, interface: wantedInterface, ...asked } = request
      const wrong = validateCidr(wantedCidr)
      if (wrong !== undefined) throw new Refusal(422, wrong)
      const { cidr } = subnetOf(wantedCidr)
      const subnet = parseCidr(cidr)
      const id = wantedId ?? cidr.replaceAll(/[./]/g, '-')
      if (book.find(id) !== undefined) throw new Refusal(409, `There is a network “${id}” already: give this one another id.`)
      if (!relayed && wantedInterface === undefined) throw new Refusal(422, 'Say on which interface the network is, or that it is behind a relay.')
      const device = wantedInterface ?? standing.interface
      if (relayed && onWire(device).length === 0) throw new Refusal(422, `No network is served on ${device} itself: add that one first. Machines behind a relay boot from the appliance's address there.`)
      const own = deps.cards().find(({ name }) => name === device)?.addresses.map((one) => one.split('/')[0] ?? '').find((one) => subnet !== undefined && contains(subnet, one))
      const stored: StoredNetwork = { id, cidr, relayed, interface: device, address: (relayed ? onWire(device)[0]?.address : own) ?? '', startMode: standing.mode, set: merged({}, asked) }
      const network = book.settle(stored)
      check(network, deps.cards())
      // A network that comes back finds its leases: nobody else is given an address that its clients still use.
      if (subnet !== undefined && leases.of(id).some(({ lease }) => !contains(subnet, lease.address))) throw new Refusal(409, `“${id}” was another network before, whose leases are remembered: give this one another id.`)
      await book.save(stored)
      await deps.acted('network.added', id, `${by} added the network ${network.title} (${cidr}${relayed ? ', behind a relay' : ''} on ${network.interface})`, by, { network: id, cidr })
      return show(config(id))
    },

    async change(id, patch, by) {
      const before = config(id)
      const kept = book.stored(id)
      if (kept === undefined) throw new Error(`the network ${id} is not stored`)
      // What was set for another subnet than the present one is dropped with the first change.
      const set = merged(pickSet(kept.set, before), patch)
      const place = before.main ? { interface: standing.interface, address: standing.address, cidr: standing.cidr, startMode: standing.mode } : {}
      const stored: StoredNetwork = { ...kept, ...place, set }
      const after = book.settle(stored)
      const text = describeChange(before, after)
      if (text === '') return show(before)
      check(after, undefined)
      await book.save(stored)
      await deps.acted('network.changed', id, `${by} changed ${before.title}: ${text}`, by, { network: id, change: text })
      return show(config(id))
    },

    async remove(id, force, by) {
      const network = config(id)
      if (network.main) throw new Refusal(409, `${network.title} is where the appliance was started and stays. To leave its machines alone, let it ignore unknown machines.`)
      const relayed = !network.relayed && onWire(network.interface).length === 1 ? book.networks().filter((one) => one.relayed && one.interface === network.interface) : []
      if (relayed.length > 0) throw new Refusal(409, `${nameSome(relayed.map(({ title }) => title))} ${relayed.length === 1 ? 'is' : 'are'} behind a relay that sends to this network's address: remove ${relayed.length === 1 ? 'it' : 'them'} first.`)
      const active = leases.of(id).filter(({ lease }) => running(lease) !== undefined).length
      const isServedStill = network.relayed || book.networks().some((one) => one.id !== id && !one.relayed && one.address === network.address)
      const cutOff = isServedStill ? [] : deps.agentsAt(network.address)
      const refusal = refuseRemoval({ title: network.title, address: network.address, active, cutOff: cutOff.map(({ name }) => name) })
      if (refusal !== undefined && !force) throw new Refusal(409, refusal)
      await book.remove(id)
      const loses = cutOff.length === 0 ? '' : `, which cuts off ${nameSome(cutOff.map(({ name }) => name))}`
      await deps.acted('network.removed', id, `${by} removed the network ${network.title} (${network.cidr})${loses}`, by, { network: id, cidr: network.cidr, cutOff: cutOff.map((machine) => machine.id) })
      for (const machine of cutOff) await deps.told(machine.id, 'network.cutOff', `Is cut off: its agent asks the appliance at ${network.address}, where it is served no more since ${by} removed ${network.title}`, { network: id, address: network.address, by })
      return { cutOff: cutOff.map(({ id: machineId, name }) => ({ machineId, name })) }
    },

    leases(query) {
      const chosen = query.network === undefined ? book.networks() : [config(query.network)]
      const byId = new Map(chosen.map((network) => [network.id, network]))
      const reserved = new Map(book.reservations().map((one) => [`${one.networkId}/${one.address}`, one]))
      const render = (lease: Lease): LeaseView => renderLease(lease, { network: byId.get(lease.networkId) ?? config(lease.networkId), reservation: reserved.get(`${lease.networkId}/${lease.address}`), machine: deps.holder(lease.mac), nowMs: now() })
      return pageLeases(chosen.map(({ id }) => leases.of(id)), query, (mac) => deps.holder(mac)?.name, render, now())
    },

    async release(address, force, by) {
      const lease = leaseOf(address)
      if (lease === undefined) throw new Refusal(404, `Nobody has or had ${address}.`)
      const state = stateOf(lease, now())
      if (state === 'released') throw new Refusal(409, `${address} is released already.`)
      const refused = force ? undefined : refuseRelease(lease, deps.holder(lease.mac), now())
      if (refused !== undefined) throw new Refusal(409, refused)
      await deps.release(lease)
      await deps.acted('lease.released', address, state === 'bound' || state === 'expired' ? `${by} released ${address}, which ${whoHas(lease)} had` : `${by} made ${address} free again, which was in conflict`, by, { network: lease.networkId, address, mac: lease.mac })
    },

    reservations(networkId) {
      return reservationsOf(networkId === undefined ? undefined : config(networkId).id)
    },

    async reserve(request, by) {
      const { address, hostname } = request
      const { networkId, match, who } = judgeReservation(request)
      const stored: StoredReservation = { networkId, address, match, hostname, by, createdAt: new Date(now()).toISOString() }
      await book.saveReservation(stored)
      await deps.acted('address.reserved', address, `${by} reserved ${address} for ${who}`, by, { network: networkId, address, client: renderClient(match) })
      return showReservation(stored)
    },

    async changeReservation(address, request, by) {
      const before = reservationOf(address)
      const { networkId, match, who } = judgeReservation(request, before)
      const after: StoredReservation = { ...before, networkId, address: request.address, match, hostname: request.hostname }
      const changes = [
        ...(after.address === address ? [] : [`it is of ${after.address} now`]), ...(renderClient(match) === renderClient(before.match) ? [] : [`for ${who} instead of ${renderClient(before.match)}`]),
        ...(after.hostname === before.hostname ? [] : [after.hostname === '' ? 'without a host name' : `with the host name ${after.hostname}`]),
      ]
      if (changes.length === 0) return showReservation(before)
      // The new one first: a kill may leave both, never neither.
      await book.saveReservation(after)
      if (after.address !== address) await book.removeReservation(before)
      await deps.acted('reservation.changed', after.address, `${by} changed the reservation of ${address}: ${changes.join(', ')}`, by, { network: networkId, address: after.address, client: renderClient(match), before: address })
      return showReservation(after)
    },

    async unreserve(address, by) {
      const found = reservationOf(address)
      await book.removeReservation(found)
      await deps.acted('address.unreserved', address, `${by} removed the reservation of ${address} for ${renderClient(found.match)}`, by, { network: found.networkId, address, client: renderClient(found.match) })
    },
  }
}

/** The settings that still count: what differs from them in the settled network was set for another place or start. */
function pickSet(set: NetworkSettings, settled: NetworkConfig): NetworkSettings {
  return Object.fromEntries(Object.entries(set).filter(([name, value]) => JSON.stringify(settled[name as keyof NetworkSettings]) === JSON.stringify(value)))
}
