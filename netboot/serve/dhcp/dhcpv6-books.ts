import { createHash } from 'node:crypto'
import type { Mac } from '#contract/mac'
import { inPrefix64, parsePrefix64 } from '../../codec/ipv6.ts'
import { Address6Book } from '../../policy/dhcpv6/book.ts'
import type { NetworkView } from '../../site.ts'

/** A network with IPv6 beside it. */
export type Ipv6Network = NetworkView & Required<Pick<NetworkView, 'ipv6'>>

/** The IPv6 addresses of all networks, kept in step with what operators change. */
export interface Dhcp6Books {
  /** Those networks of an interface that have IPv6. */
  networks(device: string): readonly Ipv6Network[]
  book(network: Ipv6Network): Address6Book
  /** The prefixes that are on an interface's own wire, 8 bytes each. */
  prefixesOnWire(device: string): readonly Uint8Array[]
  /** Who has this address now, or null. */
  macOf(address: string): Mac | null
  /** The network that an address is of. */
  networkOf(address: string): Ipv6Network | undefined
}

/** Opens the books. Of a prefix that no network has any more, everything is forgotten. */
export function openBooks6(networks: () => readonly NetworkView[], now: () => number): Dhcp6Books {
  const books = new Map<string, { prefix: Uint8Array; book: Address6Book }>()
  let seen: readonly NetworkView[] = []
  let current: readonly Ipv6Network[] = []
  const refresh = (): readonly Ipv6Network[] => {
    const all = networks()
    if (all === seen) return current
    seen = all
    current = all.filter((network): network is Ipv6Network => network.ipv6 !== undefined)
    const wanted = new Set(current.map(({ ipv6 }) => ipv6.prefix))
    for (const prefix of books.keys()) if (!wanted.has(prefix)) books.delete(prefix)
    for (const text of wanted) {
      if (books.has(text)) continue
      const prefix = parsePrefix64(text)
      if (!prefix) throw new Error(`the site has a network with the IPv6 prefix ${text}`)
      books.set(text, { prefix, book: new Address6Book(prefix, (bytes) => createHash('sha256').update(bytes).digest()) })
    }
    return current
  }
  const entry = (network: Ipv6Network): { prefix: Uint8Array; book: Address6Book } => {
    const found = books.get(network.ipv6.prefix)
    if (!found) throw new Error(`there is no book of the prefix ${network.ipv6.prefix}`)
    return found
  }
  const networkOf = (address: string): Ipv6Network | undefined => refresh().find((network) => inPrefix64(entry(network).prefix, address))
  return {
    networks: (device) => refresh().filter((network) => network.interface === device),
    book: (network) => entry(network).book,
    prefixesOnWire: (device) => refresh().filter((network) => network.interface === device && !network.relayed).map((network) => entry(network).prefix),
    macOf(address) {
      const network = networkOf(address)
      return network ? entry(network).book.macOf(address, now()) : null
    },
    networkOf,
  }
}
