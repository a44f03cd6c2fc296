import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
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

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const original = readFileSync(options.original)
const random = seededRandom(options.seed)
const isLost = (): boolean => options.loss > 0 && random() < options.loss
const durations: number[] = []
let [bytes, finished, failed, wrongBlocks, retries, agreedWindow] = [0, 0, 0, 0, 0, 1]
const startedAt = performance.now()

/** One transfer; begins the next one when it ends. @see RFC 1350, RFC 2347 to 2349, RFC 7440 */
function transfer(address: string): void {
  const socket = createSocket('udp4')
  const beganAt = performance.now()
  let [peer, next, blockBytes, window, inWindow, tries, heardAt, askedFor] = [0, 1, 512, 1, 0, 0, beganAt, -1]
  let isOver = false
  let last: { packet: Buffer; port: number } = { packet: requestPacket(), port: 69 }

  const send = (packet: Buffer, port: number): void => {
    last = { packet, port }
    if (!isLost()) socket.send(packet, port, options.server)
  }
  const acknowledge = (block: number): void => {
    inWindow = 0
    send(Buffer.from([0, 4, (block >> 8) & 0xff, block & 0xff]), peer)
  }
  const end = (): void => {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    socket.close()
    transfer(address)
  }
  const fail = (): void => { if (!isOver) failed += 1; end() }
  const timer = setInterval(() => {
    if (performance.now() - heardAt < options.retryMs) return
    if ((tries += 1) > 8) return fail()
    heardAt = performance.now()
    retries += 1
    inWindow = 0
    send(last.packet, last.port)
  }, Math.min(100, options.retryMs / 3))
  const takeData = (block: number, data: Buffer): void => {
    if (block !== (next & 0xffff)) {
      // Out of order: say once where we are. A block that we have already is left alone: answering it would double every packet from here on.
      const isAhead = ((block - next) & 0xffff) < 0x8000
      if (isAhead && askedFor !== next) { askedFor = next; acknowledge(next - 1) }
      return
    }
    heardAt = performance.now()
    tries = 0
    askedFor = -1
    const at = (next - 1) * blockBytes
    if (data.compare(original, at, at + data.length) !== 0) wrongBlocks += 1
    next += 1
    bytes += data.length
    inWindow += 1
    if (data.length < blockBytes) {
      acknowledge(block)
      finished += 1
      durations.push(performance.now() - beganAt)
      end()
    } else if (inWindow >= window) acknowledge(block)
  }

  socket.on('message', (packet, from) => {
    if (isOver || isLost() || (peer !== 0 && from.port !== peer)) return
    peer = from.port
    switch (packet[1]) {
      case 3: return takeData(packet.readUInt16BE(2), packet.subarray(4))
      case 5: return fail()
      case 6: {
        if (next > 1) return
        const texts = packet.toString('latin1', 2).split('\0')
        const value = (name: string, absent: number): number => Number(texts[texts.findIndex((text) => text.toLowerCase() === name) + 1] || absent)
        if (texts.includes('blksize')) blockBytes = value('blksize', 512)
        if (texts.includes('windowsize')) window = value('windowsize', 1)
        agreedWindow = window
        heardAt = performance.now()
        return acknowledge(0)
      }
    }
  })
  socket.on('error', fail)
  socket.bind(0, address, () => send(last.packet, 69))
}

function requestPacket(): Buffer {
  const words = [options.file, 'octet', 'tsize', '0', 'blksize', String(options.blockBytes), ...(options.window > 1 ? ['windowsize', String(options.window)] : [])]
  return Buffer.concat([Buffer.from([0, 1]), Buffer.from(`${words.join('\0')}\0`)])
}

for (let index = 0; index < options.clients; index += 1) transfer(clientAddress(index + 1))
setTimeout(() => {
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = process.cpuUsage()
  const result: TftpResult = { bytes, megabytesPerSecond: bytes / 1e6 / seconds, finished, failed, wrongBlocks, retries, window: agreedWindow, p99Ms: percentile(durations, 0.99) || 0, clientCpuPercent: (cpu.user + cpu.system) / 1e4 / seconds }
  console.log(JSON.stringify(result))
  process.exit(0)
}, options.seconds * 1000)
