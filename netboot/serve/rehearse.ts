import { encodeDhcp4, type DhcpMessage } from '../codec/dhcp4.ts'
import { addressesOption, byteOption, option } from '../codec/dhcp4-options.ts'
import { parseIpv4, renderIpv4 } from '../codec/ipv4.ts'
import { LoaderMemory } from '../policy/loader-memory.ts'
import type { NetworkView, Site } from '../site.ts'
import { openBooks } from './dhcp-books.ts'
import { serveDhcp } from './dhcp.ts'
import type { Sender, UdpPort } from './udp.ts'

const rounds = 1000
const inARow = 50
const none = '0.0.0.0'
/** Of IP and UDP. */
const headerBytes = 28
const invented: NetworkView = {
  id: 'rehearsal', interface: 'rehearsal', address: '10.0.0.1', cidr: '10.0.0.0/16', relayed: false, gateway: '10.0.0.1', dns: ['10.0.0.1'], ntp: [], ranges: [{ from: '10.0.1.0', to: '10.0.31.255' }], excluded: [],
  leaseSeconds: 3600, domain: 'rehearsal.test', options: [], mode: 'full', policy: 'discover', authoritative: false, whenOtherServer: 'warn',
}
const firmware: [number, Uint8Array][] = [[option.vendorClass, Buffer.from('PXEClient:Arch:00007:UNDI:003000')], [option.architecture, Uint8Array.of(0, 7)], [option.maxSize, Uint8Array.of(5, 192)]]

type Hear = (bytes: Uint8Array) => void
/** What a server speaks through and is told by, twice the same: one that has called only one function is compiled for that one, and anew when it meets the real ones. */
const surroundings = [
  { now: () => Date.now(), standsBack: () => false, heard() {}, promised() {}, send: (hear: Hear) => (bytes: Uint8Array): void => hear(bytes), frame: (hear: Hear) => (_mac: Uint8Array, _type: number, packet: Uint8Array): void => hear(packet.subarray(headerBytes)) },
  {
    now: Date.now, standsBack: (): boolean => false, heard: (): void => undefined, promised: (): void => undefined,
    send: (hear: Hear) => (bytes: Uint8Array): void => { hear(bytes) }, frame: (hear: Hear) => (_mac: Uint8Array, _type: number, packet: Uint8Array): void => { hear(packet.subarray(headerBytes)) },
  },
] as const
const nowhere: Site = {
  machine: () => undefined, networks: () => [], reservations: () => [], file: (name) => ({ name, path: '', sizeBytes: 0, sha256: '' }), chunkPath: () => undefined, leases: () => [], commitLease: async () => {}, report: () => {},
}

/**
 * Serves some thousand leases to nobody, so that the engine has compiled the server before the first machine asks: after a power cut all of
 * them ask in the first second. Takes a quarter of a second of CPU, in pieces; touches no socket, no lease and no event of the site, but asks
 * it for machines and files. Resolves to how many answers there were: two for each lease, on a network of its own and on the site's first one.
 *
 * INVARIANTS: two servers play by turns, one of them with what the real one will work with. The engine bets on what it has seen, and code that
 * it compiled for one server alone, or for another shape of network, is thrown away when the real one begins.
 */
export async function rehearseDhcp(site: Site = nowhere): Promise<number> {
  const count = { answers: 0 }
  const given = site.networks().find(({ mode, relayed }) => mode === 'full' && !relayed) ?? invented
  const actors = [openActor(nowhere, invented, 0, rounds, count), openActor({ ...site, leases: () => [], commitLease: () => Promise.resolve(), report: (): void => undefined }, given, 1, 64, count)]
  for (let n = 0; n < rounds; n += 1) {
    for (const play of actors) play(n)
    if (n % inARow === 0) await new Promise((resolve) => { setImmediate(resolve) })
  }
  await new Promise((resolve) => { setImmediate(resolve) })
  return count.answers
}

/** A server of one network, and what some clients say to it: so many at most, so that a small pool is enough. */
function openActor(of: Site, network: NetworkView, which: 0 | 1, clients: number, count: { answers: number }): (n: number) => void {
  const networks = [network]
  const reservations: never[] = []
  const site: Site = { ...of, networks: () => networks, reservations: () => reservations }
  let handle: (bytes: Uint8Array, from: Sender) => void | Promise<void> = () => {}
  let offered: Uint8Array = new Uint8Array(4)
  const hear: Hear = (answer) => { count.answers += 1; offered = answer.slice(16, 20) }
  const { send, frame, ...ears } = surroundings[which]
  const port = (serve: UdpPort['serve']): UdpPort => ({ serve, send: send(hear), close: () => Promise.resolve() })
  const books = openBooks(site)
  books.networks()
  serveDhcp({
    ...ears, site, books, device: network.interface, loaders: new LoaderMemory(), drops: { count() {}, close() {} }, log: { debug() {}, info() {}, warn() {}, error() {} },
    ports: { server: port((handler) => { handle = handler }), proxy: port(() => undefined) }, frames: { send: frame(hear), receive: () => undefined, close() {} },
  })
  const relay = renderIpv4((parseIpv4(network.address) ?? 0) + 1)
  const say = (n: number, type: number, more: [number, Uint8Array][]): void => {
    const client = n % clients
    const message: DhcpMessage = {
      op: 'request', hardwareType: 1, hops: 0, xid: 0x80000000 + n, secs: 0, flags: n % 4 === 0 ? 0x8000 : 0, clientAddress: none, yourAddress: none, nextServer: none, relayAddress: n % 2 === 0 ? none : relay,
      hardwareAddress: Uint8Array.of(2, 0, 0, 0, client >> 8, client & 255), serverName: '', bootFile: '',
      options: new Map([[option.messageType, byteOption(type)], ...more, ...(n % 3 === 0 ? firmware : []), [option.clientId, Uint8Array.of(1, 2, 0, 0, 0, client >> 8, client & 255)], [option.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 28, 43, 51, 54, 66, 67)]]),
    }
    const encoded = encodeDhcp4(message)
    if (encoded.ok) void handle(Buffer.from(encoded.value), { address: message.relayAddress, port: 67 })
  }
  return (n) => {
    say(n, 1, [])
    say(n, 3, [[option.serverId, addressesOption([network.address])], [option.requestedAddress, offered]])
  }
}
