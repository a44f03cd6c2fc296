import { encodeDhcp4, type DhcpMessage } from '../codec/dhcp4.ts'
import { addressesOption, byteOption, option } from '../codec/dhcp4-options.ts'
import type { NetworkView, Site } from '../site.ts'
import { openBooks } from './dhcp-books.ts'
import { serveDhcp } from './dhcp.ts'
import { LoaderMemory } from '../policy/loader-memory.ts'
import type { Sender } from './udp.ts'

const rounds = 2000
const inARow = 100
const none = '0.0.0.0'
const network: NetworkView = {
  id: 'rehearsal', interface: 'rehearsal', address: '10.0.0.1', cidr: '10.0.0.0/16', relayed: false, gateway: '10.0.0.1', dns: ['10.0.0.1'], ntp: [], ranges: [{ from: '10.0.1.0', to: '10.0.31.255' }], excluded: [],
  leaseSeconds: 3600, domain: 'rehearsal.test', options: [], mode: 'full', policy: 'discover', authoritative: false, whenOtherServer: 'warn',
}

/**
 * Serves some thousand leases to nobody, so that the engine has compiled the server before the first machine asks: after a power cut all of
 * them ask in the first second. Takes a quarter of a second of CPU, in pieces; touches no socket, no lease and no event of the site.
 * Resolves to how many answers there were: two for each.
 */
export async function rehearseDhcp(): Promise<number> {
  let answers = 0
  const count = (): void => { answers += 1 }
  const networks = [network]
  const reservations: never[] = []
  const site: Site = {
    machine: () => undefined, networks: () => networks, reservations: () => reservations, file: () => undefined, chunkPath: () => undefined, leases: () => [], commitLease: async () => {}, report: () => {},
  }
  let handle: (bytes: Uint8Array, from: Sender) => void | Promise<void> = () => {}
  const silent = { serve() {}, send: count, close: async () => {} }
  const books = openBooks(site)
  books.networks()
  serveDhcp({
    site, books, device: network.interface, ports: { server: { ...silent, serve(handler) { handle = handler } }, proxy: silent }, frames: { send: count, receive: () => undefined, close() {} },
    drops: { count() {}, close() {} }, log: { debug() {}, info() {}, warn() {}, error() {} }, now: () => 0, loaders: new LoaderMemory(), standsBack: () => false, heard() {}, promised() {},
  })
  const say = (n: number, options: [number, Uint8Array][], relayAddress: string): void => {
    const message: DhcpMessage = {
      op: 'request', hardwareType: 1, hops: 0, xid: n, secs: 0, flags: n % 3 === 0 ? 0x8000 : 0, clientAddress: none, yourAddress: none, nextServer: none, relayAddress, serverName: '', bootFile: '',
      hardwareAddress: Uint8Array.of(2, 0, 0, 0, n >> 8, n & 255), options: new Map([...options, [option.clientId, Uint8Array.of(1, 2, 0, 0, 0, n >> 8, n & 255)], [option.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 28, 51, 54, 66, 67)]]),
    }
    const encoded = encodeDhcp4(message)
    if (encoded.ok) void handle(Buffer.from(encoded.value), { address: relayAddress, port: 67 })
  }
  for (let n = 0; n < rounds; n += 1) {
    const relay = n % 2 === 0 ? none : '10.0.0.9'
    const address = `10.0.${1 + (n >> 8)}.${n & 255}`
    say(n, [[option.messageType, byteOption(1)], [option.requestedAddress, addressesOption([address])]], relay)
    say(n, [[option.messageType, byteOption(3)], [option.serverId, addressesOption([network.address])], [option.requestedAddress, addressesOption([address])]], relay)
    if (n % inARow === 0) await new Promise((resolve) => { setImmediate(resolve) })
  }
  await new Promise((resolve) => { setImmediate(resolve) })
  return answers
}
