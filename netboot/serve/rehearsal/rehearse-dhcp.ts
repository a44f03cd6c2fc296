import { randomInt } from 'node:crypto'
import { encodeDhcp4, type DhcpMessage } from '../../codec/dhcp4.ts'
import { addressesOption, byteOption, option } from '../../codec/dhcp4-options.ts'
import { encodeRouterAdvertisement } from '../../codec/icmp6-ra.ts'
import { parseIpv4, renderIpv4 } from '../../codec/ipv4.ts'
import { LoaderMemory } from '../../policy/boot/loader-memory.ts'
import type { NetbootLog, NetworkView, Site } from '../../site.ts'
import { openBooks } from '../dhcp/books.ts'
import { serveDhcp } from '../dhcp/dhcp.ts'
import { openDirectWire, type Wire } from './wire.ts'
import { composeProbe } from '../wire/server-watch.ts'
import { TokenBuckets } from '../token-bucket.ts'
import type { Sender, UdpPort } from '../linux/udp.ts'

const rounds = 2400
const inARow = 60
const patienceMs = 200
const millisecondsARound = 50
const none = '0.0.0.0'
const mac = '02:00:00:00:00:00'
/** Of IP and UDP. */
const headerBytes = 28
const invented: NetworkView = {
  id: 'rehearsal', interface: 'rehearsal', address: '10.0.0.1', cidr: '10.0.0.0/16', relayed: false, gateway: '10.0.0.1', dns: ['10.0.0.1'], ntp: [], ranges: [{ from: '10.0.1.0', to: '10.0.31.255' }], excluded: [],
  leaseSeconds: 120, domain: 'rehearsal.test', options: [], mode: 'full', policy: 'discover', authoritative: false, whenOtherServer: 'warn',
}
const firmware: [number, Uint8Array][] = [[option.vendorClass, Buffer.from('PXEClient:Arch:00007:UNDI:003000')], [option.architecture, Uint8Array.of(0, 7)], [option.maxSize, Uint8Array.of(5, 192)]]

type Hear = (bytes: Uint8Array) => void
type Promised = (network: NetworkView) => void
/** What a server speaks through and is told by, twice the same: one that has called only one function is compiled for that one, and anew when it meets the real ones. */
const surroundings = [
  { standsBack: () => false, heard() {}, promised: (tell: Promised) => (network: NetworkView): void => tell(network), send: (hear: Hear) => (bytes: Uint8Array): void => hear(bytes), frame: (hear: Hear) => (_mac: Uint8Array, _type: number, packet: Uint8Array): void => hear(packet.subarray(headerBytes)) },
  {
    standsBack: (): boolean => false, heard: (): void => undefined, promised: (tell: Promised) => (network: NetworkView): void => { tell(network) },
    send: (hear: Hear) => (bytes: Uint8Array): void => { hear(bytes) }, frame: (hear: Hear) => (_mac: Uint8Array, _type: number, packet: Uint8Array): void => { hear(packet.subarray(headerBytes)) },
  },
] as const
const nowhere: Site = {
  machine: () => undefined, networks: () => [], reservations: () => [], file: (name) => ({ name, path: '', sizeBytes: 0, sha256: '' }), chunkPath: () => undefined, leases: () => [], commitLease: async () => {}, report: () => {},
}

/** What goes wrong in a rehearsal is nobody's trouble. */
export const silent: NetbootLog = { debug() {}, info() {}, warn() {}, error() {} }

/** A rehearsal that is over. `acks` counts the leases that were given. */
export interface Rehearsal { readonly acks: number; readonly actors: readonly object[] }

/**
 * Serves some thousand leases to nobody, so that the engine has compiled the server before the first machine asks: after a power cut all of
 * them ask in the first second. Takes half a second of CPU, in pieces; touches no lease and no event of the site, but asks it for machines
 * and files. Resolves to the rehearsal, which the caller keeps for as long as it serves: with objects of it that are collected, the engine
 * throws away the code that it compiled for them, which is also the real server's.
 *
 * INVARIANTS: two servers play by turns. One has a network of its own, on which the hours fly and every machine is new; the other has the
 * site's first network, with what the real server will work with, its wire among it. The engine bets on what it has seen, and code that it
 * compiled for one server alone, or for another shape of network, is thrown away when the real one begins.
 */
export async function rehearseDhcp(site: Site = nowhere, wires: readonly [Wire, Wire] = [openDirectWire(), openDirectWire()]): Promise<Rehearsal> {
  const count = { acks: 0 }
  let passedMs = 0
  const given = site.networks().find(({ mode, relayed }) => mode === 'full' && !relayed) ?? invented
  const own = openActor(nowhere, invented, 0, wires[0], () => Date.now() + passedMs, count)
  const real = openActor({ ...site, leases: () => [], commitLease: () => Promise.resolve(), report: (): void => undefined }, given, 1, wires[1], Date.now, count)
  let isWaiting = true
  const limits = new TokenBuckets(1, 1, 2)
  for (let n = 0; n < rounds; n += 1) {
    passedMs += millisecondsARound
    own(n, n % 8 === 0 ? n % 64 : n)
    real(n, n % 64)
    if ((n + 1) % inARow !== 0) continue
    // What is sent besides, and a limit that is reached.
    wires[0].toClient(composeProbe(Buffer.of(2, 0, 0, 0, 0, 0), randomInt(2 ** 32)))
    wires[0].toClient(encodeRouterAdvertisement(mac))
    limits.take(String(n), 1, n)
    const untilMs = isWaiting ? Date.now() + patienceMs : 0
    do await new Promise((resolve) => { setImmediate(resolve) }); while (count.acks < 2 * (n + 1) && Date.now() < untilMs)
    // A pool that has too few addresses for this, or a loopback that carries nothing.
    isWaiting &&= count.acks === 2 * (n + 1)
  }
  for (const wire of wires) wire.close()
  return { acks: count.acks, actors: [own, real] }
}

/** A server of one network; the returned function lets a machine ask it for a lease. So many machines at most, that a small pool is enough. */
function openActor(of: Site, network: NetworkView, which: 0 | 1, wire: Wire, now: () => number, count: { acks: number }): (n: number, machine: number) => void {
  const networks = [network]
  const reservations: never[] = []
  const site: Site = { ...of, networks: () => networks, reservations: () => reservations }
  let handle: (bytes: Uint8Array, from: Sender) => void | Promise<void> = () => {}
  const { standsBack, heard, promised, send, frame } = surroundings[which]
  const port = (serve: UdpPort['serve']): UdpPort => ({ number: 67, serve, send: send(wire.toClient), close: () => Promise.resolve() })
  const books = openBooks(site)
  books.networks()
  serveDhcp({
    standsBack, heard, now, site, books, device: network.interface, loaders: new LoaderMemory(), drops: { count() {}, close() {} }, log: silent,
    // As the prober does, which keeps some addresses ready that nobody answered on.
    promised: promised((one) => {
      for (const address of books.book(one).toProbe(count.acks, 1, 64, () => false)) books.book(one).foundSilent(address)
    }),
    ports: { server: port((handler) => { handle = handler }), proxy: port(() => undefined) }, frames: { send: frame(wire.toClient), receive: () => undefined, close() {} },
  })
  const relay = renderIpv4((parseIpv4(network.address) ?? 0) + 1)
  const say = (n: number, type: number, machine: Uint8Array, more: [number, Uint8Array][]): void => {
    const message: DhcpMessage = {
      op: 'request', hardwareType: 1, hops: 0, xid: n % 2 === 0 ? n : 0x80000000 + n, secs: 0, flags: n % 4 === 0 ? 0x8000 : 0, clientAddress: none, yourAddress: none, nextServer: none, relayAddress: n % 2 === 0 ? none : relay,
      hardwareAddress: machine, serverName: '', bootFile: '',
      options: new Map([[option.messageType, byteOption(type)], ...more, ...(n % 3 === 0 ? firmware : []), ...(n % 5 === 0 ? [[option.clientId, Uint8Array.of(1, ...machine)] as const] : []), [option.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 28, 43, 51, 54, 66, 67)]]),
    }
    const encoded = encodeDhcp4(message)
    if (encoded.ok) wire.toServer(encoded.value)
  }
  wire.open((bytes, from) => void handle(bytes, from), (answer) => {
    const n = answer.readUInt32BE(4) & 0x7fffffff
    if (answer[242] === 2) say(n, 3, new Uint8Array(answer.subarray(28, 34)), [[option.serverId, addressesOption([network.address])], [option.requestedAddress, new Uint8Array(answer.subarray(16, 20))]])
    else if (answer[242] === 5) count.acks += 1
  })
  return (n, machine) => say(n, 1, Uint8Array.of(2, which, 0, 0, machine >> 8, machine & 255), [])
}
