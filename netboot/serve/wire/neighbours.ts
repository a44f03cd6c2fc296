import type { Mac } from '#contract/mac'
import { decodeNeighbourAnswer, encodeNeighbourQuery } from '../../codec/neighbour.ts'
import { contains, parseCidr, type Ipv4Network } from '../../codec/ipv4.ts'
import type { NetbootLog, NetworkView, Site } from '../../site.ts'
import { check, libc, linux } from '../linux/libc.ts'
import { interfaceIndex } from '../linux/native.ts'
import { closeDescriptor } from '../linux/waker.ts'

const { socket, send, recv } = libc
const { AF_NETLINK, SOCK_RAW, CLOEXEC, MSG_DONTWAIT } = linux

/** Of an address that the kernel knows, and of one that it does not: a client that was just heard is in its table within the same second. */
const keptMs = { found: 5000, none: 250 }
const mostKept = 4096
/** What was told to the site is told again after this long, lest it missed it. */
const repeatMs = 60_000

/** Looks up one neighbour. Throws where the kernel cannot be asked. */
export type FindNeighbour = (device: string, address: string) => Mac | null

/** What is asked about neighbours. */
export interface NeighbourWorld {
  readonly site: Site
  readonly networks: () => readonly NetworkView[]
  readonly find: FindNeighbour
  /** Whether this network has given the machine an address that it still has: then any other that it speaks from is a second one. */
  readonly hasLease: (network: NetworkView, mac: Mac, nowMs: number) => boolean
  readonly log: NetbootLog
  readonly now: () => number
}

/** Who speaks from addresses that are not of our leases: those of another DHCP server, or set by hand. */
export interface Neighbours {
  /** The hardware address behind a dotted address on one of our wires, by the kernel's neighbour table; null where it knows none, or it is no client's. */
  macOf(address: string): Mac | null
  /** Tells the site of a machine that speaks from this address, where it knows the machine and this is news. */
  note(address: string): void
}

/**
 * An address belongs to whom the kernel has seen answer for it, never to whom a message names: no machine gets another's log or orders by a
 * claim in a packet. Only networks on the wire itself count: behind a router all have its hardware address.
 *
 * INVARIANTS: nothing is sent and nothing waited for; at most 4096 answers and as many notes are kept, the oldest go first; machines boot
 * without this where the kernel cannot be asked.
 */
export function watchNeighbours({ site, networks, find, hasLease, log, now }: NeighbourWorld): Neighbours {
  const kept = new Map<string, { mac: Mac | null; untilMs: number }>()
  const noted = new Map<Mac, { address: string; atMs: number }>()
  let hasFailed = false
  const ask = (device: string, address: string): Mac | null => {
    try {
      const mac = find(device, address)
      hasFailed = false
      return mac
    } catch (error) { // an interface that went away, or a sandbox without netlink
      if (!hasFailed) log.warn({ device, err: error }, 'neighbours.failed')
      hasFailed = true
      return null
    }
  }
  const isKnown = (mac: Mac): boolean => {
    try {
      return site.machine(mac) !== undefined
    } catch (error) { // whoever decides about the machine says so; files are served without
      log.debug({ mac, err: error }, 'neighbours.notTold')
      return false
    }
  }
  const networkOf = (address: string): NetworkView | undefined => networks().find((network) => !network.relayed && isClients(network, address))
  const macOf = (address: string): Mac | null => {
    const nowMs = now()
    const before = kept.get(address)
    if (before !== undefined && before.untilMs > nowMs) return before.mac
    const network = networkOf(address)
    if (network === undefined) return null
    const mac = ask(network.interface, address)
    kept.delete(address)
    keep(kept, address, { mac, untilMs: nowMs + (mac === null ? keptMs.none : keptMs.found) })
    return mac
  }
  return {
    macOf,
    note(address) {
      const mac = macOf(address)
      const network = networkOf(address)
      if (mac === null || network === undefined || hasLease(network, mac, now()) || !isKnown(mac)) return
      const before = noted.get(mac)
      if (before?.address === address && now() - before.atMs < repeatMs) return
      noted.delete(mac)
      keep(noted, mac, { address, atMs: now() })
      site.report({ kind: 'address.seen', mac, networkId: network.id, address })
    },
  }
}

/** Remembered by the network's own object, which never changes. */
const subnets = new WeakMap<NetworkView, Ipv4Network>()

/** Whether an address may be that of a client: in the subnet, and neither ours nor the router's. */
function isClients(network: NetworkView, address: string): boolean {
  const subnet = subnets.get(network) ?? parseCidr(network.cidr)
  if (subnet === undefined) return false
  subnets.set(network, subnet)
  return contains(subnet, address) && address !== network.address && address !== network.gateway
}

function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.set(key, value)
  const oldest = map.size > mostKept ? map.keys().next() : undefined
  if (oldest?.done === false) map.delete(oldest.value)
}

/** Asks the kernel, some 20 µs each time. Throws where it takes no such questions; needs no right. */
export function openNeighbourTable(): { find: FindNeighbour; close(): void } {
  const fd = check('netlink socket', socket(AF_NETLINK, SOCK_RAW | CLOEXEC, 0) as number)
  const answer = Buffer.alloc(1024)
  let sequence = 0
  return {
    find(device, address) {
      sequence = (sequence + 1) >>> 0
      const query = encodeNeighbourQuery(interfaceIndex(device), address, sequence)
      check('asking the kernel for a neighbour', Number(send(fd, query, query.length, 0)))
      // The kernel answers before `send` returns.
      for (let length = Number(recv(fd, answer, answer.length, MSG_DONTWAIT)); length > 0; length = Number(recv(fd, answer, answer.length, MSG_DONTWAIT))) {
        const heard = decodeNeighbourAnswer(answer.subarray(0, length), sequence)
        if (heard === undefined) continue
        if (heard.kind === 'refused') throw new Error(`the kernel refuses to say who is at ${address}: errno ${heard.errno}`)
        return heard.kind === 'found' ? heard.mac : null
      }
      return null
    },
    close: () => closeDescriptor(fd),
  }
}
