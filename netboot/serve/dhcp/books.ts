import type { Mac } from '#contract/mac'
import type { BootRequest } from '../../policy/dhcp/boot-request.ts'
import type { Claim } from '../../policy/dhcp/decide-lease.ts'
import { LeaseBook } from '../../policy/leases/lease-book.ts'
import { ReservationIndex } from '../../policy/leases/reservation-index.ts'
import type { Lease, MachineView, NetworkView, Reservation, Site } from '../../site.ts'

/** The lease books of all networks of a site, kept in step with what operators change. */
export interface DhcpBooks {
  /** The networks as they are now. */
  networks(): readonly NetworkView[]
  /** The book of one of them. */
  book(network: NetworkView): LeaseBook
  /** The same networks, the one first in which something is reserved for this client, or it has a lease. */
  preferred(networks: readonly NetworkView[], request: BootRequest): readonly NetworkView[]
  /** What is known of who asks, on one network. */
  claim(request: BootRequest, network: NetworkView, machine: MachineView | undefined, standsBack: boolean): Claim & { hostname: string | null }
  /** Who has this address by a running lease, or null. On a wire in mode proxy leases of earlier days say nothing: another server gives the addresses now. */
  macOf(address: string, nowMs: number): Mac | null
  /** Whether this network gave the client an address that it still has. */
  hasLease(network: NetworkView, mac: Mac, nowMs: number): boolean
  /** The network on which this address has a running lease, or whose subnet it lies in, else undefined. */
  networkOf(address: string): NetworkView | undefined
}

/** Opens the books over the stored leases. */
export function openBooks(site: Site): DhcpBooks {
  const books = new Map<string, LeaseBook>()
  let seen: readonly NetworkView[] = []
  let reservations: readonly Reservation[] = []
  let index = new ReservationIndex([])

  const refresh = (): void => {
    const [networks, reserved] = [site.networks(), site.reservations()]
    if (networks === seen && reserved === reservations) return
    if (reserved !== reservations) index = new ReservationIndex(reserved)
    seen = networks
    reservations = reserved
    const ids = new Set(networks.map(({ id }) => id))
    for (const id of books.keys()) if (!ids.has(id)) books.delete(id)
    // Read once for all networks that are new.
    let stored: readonly Lease[] | undefined
    for (const network of networks) {
      const known = books.get(network.id)
      if (known) known.update(network, index.addresses(network.id))
      else {
        stored ??= site.leases()
        books.set(network.id, new LeaseBook(network, stored, index.addresses(network.id)))
      }
    }
  }
  const book = (network: NetworkView): LeaseBook => {
    const found = books.get(network.id)
    if (!found) throw new Error(`there is no lease book of the network ${network.id}`)
    return found
  }
  return {
    networks() { refresh(); return seen },
    book,
    preferred(networks, { mac, clientId, client, requestedAddress }) {
      if (networks.length < 2 || requestedAddress !== null) return networks
      const own = networks.find(({ id }) => index.find(id, { mac, clientId, uuid: client.uuid })) ?? networks.find((network) => book(network).ofMac(mac))
      return own ? [own, ...networks.filter((network) => network !== own)] : networks
    },
    claim(request, network, machine, standsBack) {
      const { mac, clientId, client } = request
      const reservation = index.find(network.id, { mac, clientId, uuid: client.uuid })
      const of = book(network)
      // What it was seen with while another server gave the addresses is no claim to the address of a router or server.
      const isServers = machine?.address != null && [network.gateway, ...network.dns, ...network.ntp].includes(machine.address)
      const preferred = machine?.address && !isServers && of.onNetwork(machine.address) ? machine.address : null
      return {
        mac, reserved: reservation?.address ?? null, preferred, standsBack, hostname: reservation?.hostname ?? machine?.hostname ?? null,
        isKnown: machine?.isInventoried === true || reservation !== undefined,
      }
    },
    macOf(address, nowMs) {
      refresh()
      for (const network of seen) {
        const lease = gives(network) ? book(network).ofAddress(address) : undefined
        if (lease && isRunning(lease, nowMs)) return lease.mac
      }
      return null
    },
    hasLease(network, mac, nowMs) {
      refresh()
      const lease = gives(network) ? book(network).ofMac(mac) : undefined
      return lease !== undefined && isRunning(lease, nowMs)
    },
    networkOf(address) {
      refresh()
      const bound = seen.find((network) => book(network).ofAddress(address)?.state === 'bound')
      return bound ?? seen.find((network) => book(network).onNetwork(address))
    },
  }
}

const gives = ({ mode, relayed }: NetworkView): boolean => mode === 'full' || relayed
const isRunning = ({ state, expiresAtMs }: Lease, nowMs: number): boolean => state === 'bound' && expiresAtMs > nowMs
