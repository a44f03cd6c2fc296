import { contains, parseCidr } from '../../codec/ipv4.ts'
import type { DropReason, NetworkView } from '../../site.ts'
import type { BootRequest } from './boot-request.ts'

/** The networks that may serve a request, the best one first, or why there is none. */
export type NetworkChoice = { kind: 'networks'; networks: readonly NetworkView[] } | { kind: 'ignore'; why: DropReason & ('relay-unknown' | 'no-subnet') }

/**
 * Which networks a message that came in on an interface may be about.
 *
 * Behind a relay its link selection (82.5), else its subnet selection (118), else its own address says so: a client on our own wire cannot
 * choose its subnet. Without a relay it is the wire's own networks, before them one in which the client says it has an address: that
 * unicasts past its relay when it renews.
 *
 * @see RFC 3527 §3, RFC 3011 §2, RFC 2131 §4.3.1
 */
export function chooseNetwork(request: BootRequest, device: string, networks: readonly NetworkView[], from: string): NetworkChoice {
  const here = networks.filter((network) => network.interface === device)
  if (request.relayAddress !== null) {
    const link = request.relay.linkSelection ?? request.subnetSelection ?? request.relayAddress
    const found = here.filter((network) => isIn(network, link))
    return found.length > 0 ? { kind: 'networks', networks: found } : { kind: 'ignore', why: 'relay-unknown' }
  }
  const onWire = here.filter(({ relayed }) => !relayed)
  if (here.length === 1 && onWire.length === 1) return { kind: 'networks', networks: onWire }
  const said = request.clientAddress ?? (from === '0.0.0.0' ? null : from)
  const ofAddress = said === null ? [] : here.filter((network) => isIn(network, said))
  const wished = request.requestedAddress === null ? [] : onWire.filter((network) => isIn(network, request.requestedAddress ?? ''))
  const all = Array.from(new Set([...ofAddress, ...wished, ...onWire]))
  return all.length > 0 ? { kind: 'networks', networks: all } : { kind: 'ignore', why: 'no-subnet' }
}

/** Remembered by the network's own object, which never changes. */
const parsed = new WeakMap<NetworkView, ReturnType<typeof parseCidr>>()

function isIn(network: NetworkView, address: string): boolean {
  let cidr = parsed.get(network)
  if (!cidr) { cidr = parseCidr(network.cidr); parsed.set(network, cidr) }
  return cidr !== undefined && contains(cidr, address)
}
