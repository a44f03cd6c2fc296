import dgram from 'node:dgram'
import { createInterface } from 'node:readline'

/**
 * Many DHCP clients in one process, to be run in a network namespace: `node dora-client.mjs`. Reads `{"from":N,"count":N,"atOnce":N}` lines and
 * takes each of those clients through DISCOVER, OFFER, REQUEST and ACK, asking again for as long as nobody answers. Prints
 * `{"ack":[mac,address]}` for each ACK, `{"nak":mac}` for each NAK, and `{"done":from}` when all of an order have their ACK. `"drop"` forgets all that are under way.
 * `"rounds"` prints `{"rounds":true}` when each that is under way has asked twice more and waited for an answer in vain.
 */
interface Client { readonly mac: string; readonly order: number; offered: string; server: string; sentMs: number; /** How often it waited in vain. */ vain: number }
interface Order { readonly from: number; left: number; readonly waiting: number[] }

const againMs = 400
const cookie = Buffer.from([0x63, 0x82, 0x53, 0x63])
const socket = dgram.createSocket('udp4')
const clients = new Map<number, Client>()
const orders = new Map<number, Order>()
/** How often clients shall have waited in vain, by their number. */
let rounds: Map<number, number> | undefined
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const macOf = (n: number): string => `02:5c:${[24, 16, 8, 0].map((bits) => ((n >>> bits) & 255).toString(16).padStart(2, '0')).join(':')}`
const dotted = (bytes: Uint8Array): string => bytes.join('.')
const octets = (address: string): number[] => address.split('.').map(Number)

function send(n: number, client: Client): void {
  client.sentMs = Date.now()
  const head = Buffer.alloc(236)
  head.set([1, 1, 6, 0])
  head.writeUInt32BE(n + 1, 4)
  head.writeUInt16BE(0x8000, 10)
  head.set(client.mac.split(':').map((pair) => Number.parseInt(pair, 16)), 28)
  const options = client.offered === '' ? [53, 1, 1, 255] : [53, 1, 3, 50, 4, ...octets(client.offered), 54, 4, ...octets(client.server), 255]
  socket.send(Buffer.concat([head, cookie, Buffer.from(options), Buffer.alloc(60)]), 67, '255.255.255.255')
}

function begin(order: Order): void {
  const n = order.waiting.shift()
  if (n === undefined) return
  const client = { mac: macOf(n), order: order.from, offered: '', server: '', sentMs: 0, vain: 0 }
  clients.set(n, client)
  send(n, client)
}

socket.on('message', (bytes) => {
  if (bytes.length < 244 || bytes[0] !== 2) return
  const n = bytes.readUInt32BE(4) - 1
  const client = clients.get(n)
  let [type, server] = [0, '']
  for (let at = 240; at + 1 < bytes.length && bytes[at] !== 255; at += 2 + (bytes[at + 1] ?? 0)) {
    if (bytes[at] === 53) type = bytes[at + 2] ?? 0
    if (bytes[at] === 54) server = dotted(bytes.subarray(at + 2, at + 6))
  }
  if (client === undefined) return
  if (type === 2 && client.offered === '') {
    Object.assign(client, { offered: dotted(bytes.subarray(16, 20)), server })
    send(n, client)
  }
  if (type === 6) {
    say({ nak: client.mac })
    Object.assign(client, { offered: '', server: '' })
    send(n, client)
  }
  if (type !== 5) return
  clients.delete(n)
  say({ ack: [client.mac, dotted(bytes.subarray(16, 20))] })
  const order = orders.get(client.order)
  if (order === undefined) return
  order.left -= 1
  if (order.left > 0) return begin(order)
  orders.delete(order.from)
  say({ done: order.from })
})

socket.bind(68, () => {
  socket.setBroadcast(true)
  socket.setRecvBufferSize(4 * 1024 * 1024)
  say({ ready: true })
})
setInterval(() => {
  const now = Date.now()
  // A server that was killed has forgotten its offers: who waits for long begins anew.
  for (const [n, client] of clients) if (now - client.sentMs > againMs) { Object.assign(client, { offered: '', server: '', vain: client.vain + 1 }); send(n, client) }
  if (rounds !== undefined && Array.from(rounds).every(([n, vain]) => (clients.get(n)?.vain ?? Infinity) >= vain)) { rounds = undefined; say({ rounds: true }) }
}, 100)
const input = createInterface({ input: process.stdin })
input.on('line', (text) => {
  const wish = JSON.parse(text) as 'drop' | 'rounds' | { from: number; count: number; atOnce: number }
  if (wish === 'drop') { clients.clear(); orders.clear(); return say({ dropped: true }) }
  // The first of three has begun already.
  if (wish === 'rounds') { rounds = new Map(Array.from(clients, ([n, { vain }]) => [n, vain + 3])); return }
  const order: Order = { from: wish.from, left: wish.count, waiting: Array.from({ length: wish.count }, (_, index) => wish.from + index) }
  orders.set(wish.from, order)
  for (let index = 0; index < wish.atOnce; index += 1) begin(order)
})
input.on('close', () => process.exit(0))
