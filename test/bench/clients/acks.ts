import { createSocket } from 'node:dgram'
import { openUdp } from '#netboot/serve/linux/native'

/** How the load is made. */
interface Options {
  readonly server: string
  /** How many machines at once. */
  readonly inFlight: number
  /** How many machines there are; then the first ones ask again. */
  readonly clients: number
  /** A machine that hears nothing for this long begins again. */
  readonly patienceMs: number
}

/** Every promise that was heard: the address of each machine's last ACK. */
export interface AcksResult {
  readonly acks: number
  readonly naks: number
  /** Addresses that two machines were promised. */
  readonly duplicates: number
  readonly promised: readonly (readonly [machine: number, address: number])[]
}

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const relay = [10, 77, 0, 2]
const socket = createSocket('udp4')
const promised = new Map<number, number>()
const owners = new Map<number, number>()
/** What is under way, by transaction number. */
const open = new Map<number, { machine: number; isRequesting: boolean; sinceMs: number }>()
let [xid, next, acks, naks, duplicates] = [1, 0, 0, 0, 0]

function message(type: number, id: number, machine: number, more: readonly number[]): Buffer {
  const bytes = Buffer.alloc(300)
  bytes.set([1, 1, 6, 1])
  bytes.writeUInt32BE(id, 4)
  bytes.set(relay, 24)
  bytes.writeUInt16BE(0x0200, 28)
  bytes.writeUInt32BE(machine + 1, 30)
  bytes.set([99, 130, 83, 99, 53, 1, type, ...more, 255], 236)
  return bytes
}
function begin(machine: number): void {
  xid += 1
  open.set(xid, { machine, isRequesting: false, sinceMs: performance.now() })
  socket.send(message(1, xid, machine, []), 67, options.server)
}
function beginNext(): void {
  begin(next % options.clients)
  next += 1
}

socket.on('message', (bytes) => {
  const id = bytes.readUInt32BE(4)
  const one = open.get(id)
  if (one === undefined) return
  const [type, offered] = [bytes[242], bytes.subarray(16, 20)]
  if (type === 2 && !one.isRequesting) {
    one.isRequesting = true
    socket.send(message(3, id, one.machine, [54, 4, ...options.server.split('.').map(Number), 50, 4, ...offered]), 67, options.server)
  } else if (type === 5 && one.isRequesting) {
    const address = bytes.readUInt32BE(16)
    if ((owners.get(address) ?? one.machine) !== one.machine) duplicates += 1
    owners.set(address, one.machine)
    promised.set(one.machine, address)
    acks += 1
    open.delete(id)
    beginNext()
  } else if (type === 6) {
    // Its OFFER was forgotten with the server that made it: that is no promise.
    naks += 1
    open.delete(id)
    begin(one.machine)
  }
})
socket.bind({ fd: openUdp('eth0', relay.join('.'), 67), exclusive: true }, () => {
  for (let index = 0; index < options.inFlight; index += 1) beginNext()
})
// While the server is dead, its port answers with ICMP errors.
socket.on('error', () => undefined)
setInterval(() => {
  const now = performance.now()
  for (const [id, { machine, sinceMs }] of Array.from(open)) if (now - sinceMs > options.patienceMs) { open.delete(id); begin(machine) }
}, 50)
process.stdin.resume().on('end', () => {
  const result: AcksResult = { acks, naks, duplicates, promised: [...promised] }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
})
