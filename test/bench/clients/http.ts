import { connect } from 'node:net'
import { clientAddress } from '../world.ts'

/** How the load is made. */
interface Options {
  readonly server: string
  readonly path: string
  /** How many connections at once, each from an address of its own, each fetching the file again and again. */
  readonly clients: number
  readonly seconds: number
  readonly sizeBytes: number
}

/** What came of it. */
export interface HttpResult {
  readonly bytes: number
  readonly megabytesPerSecond: number
  readonly finished: number
  /** Answers that were no 200 with the whole length, and connections that broke. */
  readonly failed: number
  /** Connections that got at least one byte of the file. */
  readonly served: number
  readonly clientCpuPercent: number
}

const options = JSON.parse(process.argv[2] ?? '{}') as Options
const ask = `GET ${options.path} HTTP/1.1\r\nHost: ${options.server}\r\n\r\n`
let [bytes, finished, failed, served] = [0, 0, 0, 0]
const startedAt = performance.now()

/** One connection. All share nothing but one buffer that is never read: only the network is measured. */
const sink = Buffer.alloc(1 << 20)
function open(address: string): void {
  let head = ''
  let left = -1
  let isServed = false
  const count = (length: number): void => {
    bytes += length
    left -= length
    if (length > 0 && !isServed) { isServed = true; served += 1 }
    if (left > 0) return
    finished += 1
    left = -1
    head = ''
    socket.write(ask)
  }
  const take = (length: number, chunk: Buffer): boolean => {
    if (left >= 0) { count(length); return true }
    head += chunk.toString('latin1', 0, length)
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return true
    left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (!head.startsWith('HTTP/1.1 200') || left !== options.sizeBytes) { failed += 1; socket.destroy(); return false }
    count(head.length - end - 4)
    return true
  }
  const socket = connect({ host: options.server, port: 80, localAddress: address, onread: { buffer: sink, callback: (length, chunk) => take(length, Buffer.from(chunk.buffer, chunk.byteOffset, length)) } })
  socket.on('connect', () => socket.write(ask))
  socket.on('error', () => { failed += 1 })
}

for (let index = 0; index < options.clients; index += 1) open(clientAddress(index + 1))
setTimeout(() => {
  const seconds = (performance.now() - startedAt) / 1000
  const cpu = process.cpuUsage()
  const result: HttpResult = { bytes, megabytesPerSecond: bytes / 1e6 / seconds, finished, failed, served, clientCpuPercent: (cpu.user + cpu.system) / 1e4 / seconds }
  console.log(JSON.stringify(result))
  process.exit(0)
}, options.seconds * 1000)
