import { createSocket } from 'node:dgram'
import { openUdp } from '#netboot/serve/linux/native'
import { percentile } from '../figures.ts'

/** How the load is made. */
interface Options {
  readonly server: string
  /** `relay`: unicast to port 67 with giaddr, as through a relay. `broadcast`: from 0.0.0.0 with the broadcast flag. */
  readonly mode: 'relay' | 'broadcast'
  /** How many different machines. */
  readonly clients: number
  /** How many conversations in all; each machine begins again where there are more. */
  readonly count: number
  /** How many at once. */
  readonly inFlight: number
  readonly seconds: number
  /** A conversation without its ACK after this long is lost; it is never tried again. */
  readonly timeoutMs: number
  /** The first machine's number: other numbers are other machines. */
  readonly first: number
}

/** What came of it. */
export interface DoraResult {
  readonly done: number
  /** NAKed or never answered; what was still under way at the end is neither done nor lost. */
  readonly lost: number
  readonly naks: number
  /** Addresses that were given to two machines. */
  readonly duplicates: number
  readonly seconds: number
  readonly doraPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly clientCpuPercent: number
}

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const relay = '10.77.0.2'
const firstXid = 0x10000000
const isRelay = options.mode === 'relay'
const target = isRelay ? options.server : '255.255.255.255'
const bytesOf = (address: string): number[] => address.split('.').map(Number)

/** A DISCOVER or REQUEST with room for the machine's own bytes: built once, filled in for each packet. */
function template(type: number, more: readonly number[]): Buffer {
  const options = Buffer.from([99, 130, 83, 99, 53, 1, type, ...more, 55, 8, 1, 3, 6, 12, 15, 66, 67, 43, 255])
  const bytes = Buffer.alloc(300)
  options.copy(bytes, 236)
  bytes.set([1, 1, 6, isRelay ? 1 : 0])
  if (isRelay) bytes.set(bytesOf(relay), 24)
  else bytes.writeUInt16BE(0x8000, 10)
  return bytes
}
const discover = template(1, [])
/** Server id at 245, requested address at 251. */
const request = template(3, [54, 4, 0, 0, 0, 0, 50, 4, 0, 0, 0, 0])

const began = new Float64Array(options.count)
/** 1: asked, 2: was offered, 3: has its address, 4: lost. */
const state = new Uint8Array(options.count)
const owner = new Map<number, number>()
const durations: number[] = []
let [sent, done, lost, naks, duplicates, checked, endedAt] = [0, 0, 0, 0, 0, 0, 0]
const startedAt = performance.now()
const socket = createSocket('udp4')

function send(packet: Buffer, index: number): void {
  packet.writeUInt32BE(firstXid + index, 4)
  packet.writeUInt16BE(0x0200, 28)
  packet.writeUInt32BE(options.first + (index % options.clients), 30)
  socket.send(Buffer.from(packet), 67, target)
}
function begin(): void {
  if (sent >= options.count) return
  began[sent] = performance.now()
  state[sent] = 1
  send(discover, sent)
  sent += 1
}
function end(): void {
  if (done + lost >= options.count) finish()
  else begin()
}
function finish(): void {
  const seconds = (endedAt - startedAt) / 1000
  const cpu = process.cpuUsage()
  const result: DoraResult = {
    done, lost, naks, duplicates, seconds, doraPerSecond: done / seconds, p50Ms: percentile(durations, 0.5), p99Ms: percentile(durations, 0.99), clientCpuPercent: (cpu.user + cpu.system) / 1e4 / seconds,
  }
  console.log(JSON.stringify(result))
  process.exit(0)
}
/** Where the message type and the server id are: an answer of a server under test is trusted to be well formed. */
function readOptions(bytes: Buffer): { type: number; serverAt: number } {
  let [type, serverAt] = [0, 0]
  for (let at = 240; at + 1 < bytes.length && bytes[at] !== 255; at += bytes[at] === 0 ? 1 : 2 + (bytes[at + 1] ?? 0)) {
    if (bytes[at] === 53) type = bytes[at + 2] ?? 0
    if (bytes[at] === 54) serverAt = at + 2
  }
  return { type, serverAt }
}

socket.on('message', (bytes) => {
  if (bytes.length < 240 || bytes[0] !== 2) return
  const index = bytes.readUInt32BE(4) - firstXid
  if (index < 0 || index >= sent) return
  const { type, serverAt } = readOptions(bytes)
  if (type === 2 && state[index] === 1) {
    state[index] = 2
    bytes.copy(request, 245, serverAt, serverAt + 4)
    bytes.copy(request, 251, 16, 20)
    send(request, index)
  } else if (type === 5 && state[index] === 2) {
    state[index] = 3
    endedAt = performance.now()
    durations.push(endedAt - (began[index] ?? 0))
    done += 1
    const [address, machine] = [bytes.readUInt32BE(16), index % options.clients]
    if ((owner.get(address) ?? machine) !== machine) duplicates += 1
    owner.set(address, machine)
    end()
  } else if (type === 6) {
    naks += 1
    if ((state[index] ?? 0) < 3) { state[index] = 4; lost += 1; endedAt = performance.now(); end() }
  }
})
// With the receive buffer of a plain socket, the client itself would lose most of a burst of answers.
socket.bind({ fd: openUdp('eth0', isRelay ? relay : '0.0.0.0', isRelay ? 67 : 68), exclusive: true }, () => {
  for (let index = 0; index < options.inFlight; index += 1) begin()
  setInterval(() => {
    const now = performance.now()
    for (; checked < sent && ((state[checked] ?? 0) >= 3 || now - (began[checked] ?? 0) > options.timeoutMs); checked += 1) {
      if ((state[checked] ?? 0) < 3) { state[checked] = 4; lost += 1; endedAt = now; end() }
    }
    if (now - startedAt > options.seconds * 1000) { endedAt = now; finish() }
  }, 20)
})
