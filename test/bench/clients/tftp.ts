import { readFileSync } from 'node:fs'
import { clientKey, Datagrams, type ClientKey } from '#netboot/serve/linux/datagrams'
import { openUdp } from '#netboot/serve/linux/native'
import { closeDescriptor, openWaker } from '#netboot/serve/linux/waker'
import { seededRandom } from '../../sim/random.ts'
import { percentile } from '../figures.ts'
import { clientAddress } from '../world.ts'

/** How the load is made. */
interface Options {
  readonly server: string
  readonly file: string
  /** The same file on disk: every block is compared with it. */
  readonly original: string
  readonly blockBytes: number
  readonly window: number
  /** How many clients at once, each with an address of its own, each fetching the file again and again. */
  readonly clients: number
  readonly seconds: number
  readonly retryMs: number
  /** Share of the packets that are lost, in each direction. */
  readonly loss: number
  readonly seed: number
}

/** What came of it. */
export interface TftpResult {
  readonly bytes: number
  readonly megabytesPerSecond: number
  readonly finished: number
  readonly failed: number
  readonly wrongBlocks: number
  readonly retries: number
  /** What the server agreed to; 1 where it ignored the option. */
  readonly window: number
  readonly p99Ms: number
  readonly clientCpuPercent: number
}

/** One transfer. `next` is the block that is waited for; `inWindow` counts those since the last ACK. */
interface Transfer {
  readonly fd: number
  readonly address: string
  readonly beganAt: number
  /** The address and port that the server answers from; undefined before its first answer. */
  peer: ClientKey | undefined
  next: number
  blockBytes: number
  window: number
  inWindow: number
  tries: number
  heardAt: number
  askedFor: number
  last: { packet: Uint8Array; to: ClientKey }
}

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const original = readFileSync(options.original)
const random = seededRandom(options.seed)
const isLost = (): boolean => options.loss > 0 && random() < options.loss
/** As few calls and as little memory as a client in C: one that is slower than a server measures itself. */
const datagrams = new Datagrams(openWaker(), Math.max(600, options.blockBytes + 4))
const transfers = new Map<number, Transfer>()
const requestPort = clientKey(options.server, 69)
const durations: number[] = []
let [bytes, finished, failed, wrongBlocks, retries, agreedWindow] = [0, 0, 0, 0, 0, 1]
const startedAt = performance.now()

/** Asks for the file. @see RFC 1350, RFC 2347 to 2349, RFC 7440 */
function begin(address: string): void {
  const fd = openUdp('eth0', address, 0)
  const beganAt = performance.now()
  const one: Transfer = { fd, address, beganAt, peer: undefined, next: 1, blockBytes: 512, window: 1, inWindow: 0, tries: 0, heardAt: beganAt, askedFor: -1, last: { packet: requestPacket(), to: requestPort } }
  transfers.set(fd, one)
  datagrams.listen([...transfers.keys()])
  send(one, one.last.packet, one.last.to)
}

function send(one: Transfer, packet: Uint8Array, to: ClientKey): void {
  one.last = { packet, to }
  if (isLost()) return
  datagrams.outgoing.set(packet)
  datagrams.send(one.fd, to, packet.length, packet.length)
}

function acknowledge(one: Transfer, block: number): void {
  one.inWindow = 0
  send(one, Uint8Array.of(0, 4, (block >> 8) & 0xff, block & 0xff), one.peer ?? requestPort)
}

/** Ends a transfer; the next one begins. */
function end(one: Transfer): void {
  transfers.delete(one.fd)
  datagrams.listen([...transfers.keys()])
  closeDescriptor(one.fd)
  begin(one.address)
}

function fail(one: Transfer): void {
  failed += 1
  end(one)
}

function hear(one: Transfer, packet: Uint8Array, sender: ClientKey): void {
  if (isLost() || sender !== (one.peer ?? sender)) return
  one.peer = sender
  switch (packet[1]) {
    case 3: return takeData(one, ((packet[2] ?? 0) << 8) | (packet[3] ?? 0), packet.subarray(4))
    case 5: return fail(one)
    case 6: return takeOptions(one, Buffer.from(packet).toString('latin1', 2).split('\0'))
  }
}

function takeOptions(one: Transfer, texts: readonly string[]): void {
  if (one.next > 1) return
  const value = (name: string, absent: number): number => Number(texts[texts.findIndex((text) => text.toLowerCase() === name) + 1] || absent)
  if (texts.includes('blksize')) one.blockBytes = value('blksize', 512)
  if (texts.includes('windowsize')) one.window = value('windowsize', 1)
  agreedWindow = one.window
  one.heardAt = performance.now()
  acknowledge(one, 0)
}

function takeData(one: Transfer, block: number, data: Uint8Array): void {
  const { next } = one
  if (block !== (next & 0xffff)) {
    // Out of order: say once where we are. A block that we have already is left alone: answering it would double every packet from here on.
    const isAhead = ((block - next) & 0xffff) < 0x8000
    if (isAhead && one.askedFor !== next) { one.askedFor = next; acknowledge(one, next - 1) }
    return
  }
  one.heardAt = performance.now()
  one.tries = 0
  one.askedFor = -1
  const at = (next - 1) * one.blockBytes
  if (original.compare(data, 0, data.length, at, at + data.length) !== 0) wrongBlocks += 1
  one.next += 1
  bytes += data.length
  one.inWindow += 1
  if (data.length < one.blockBytes) {
    acknowledge(one, block)
    finished += 1
    durations.push(performance.now() - one.beganAt)
    end(one)
  } else if (one.inWindow >= one.window) acknowledge(one, block)
}

function askAgain(nowMs: number): void {
  for (const one of transfers.values()) {
    if (nowMs - one.heardAt < options.retryMs) continue
    if ((one.tries += 1) > 8) { fail(one); continue }
    one.heardAt = nowMs
    retries += 1
    one.inWindow = 0
    send(one, one.last.packet, one.last.to)
  }
}

function requestPacket(): Buffer {
  const words = [options.file, 'octet', 'tsize', '0', 'blksize', String(options.blockBytes), ...(options.window > 1 ? ['windowsize', String(options.window)] : [])]
  return Buffer.concat([Buffer.from([0, 1]), Buffer.from(`${words.join('\0')}\0`)])
}

for (let index = 0; index < options.clients; index += 1) begin(clientAddress(index + 1))
const lookEveryMs = Math.min(100, options.retryMs / 3)
let lookAt = startedAt + lookEveryMs
while (performance.now() < startedAt + options.seconds * 1000) {
  for (const fd of datagrams.wait(Math.ceil(lookEveryMs)).readable) for (const { bytes: packet, sender } of datagrams.receive(fd)) {
    const one = transfers.get(fd)
    if (one !== undefined) hear(one, packet, sender)
  }
  const nowMs = performance.now()
  if (nowMs >= lookAt) { lookAt = nowMs + lookEveryMs; askAgain(nowMs) }
}
const seconds = (performance.now() - startedAt) / 1000
const cpu = process.cpuUsage()
const result: TftpResult = { bytes, megabytesPerSecond: bytes / 1e6 / seconds, finished, failed, wrongBlocks, retries, window: agreedWindow, p99Ms: percentile(durations, 0.99) || 0, clientCpuPercent: (cpu.user + cpu.system) / 1e4 / seconds }
console.log(JSON.stringify(result))
