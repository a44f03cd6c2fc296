import { createHash } from 'node:crypto'
import dgram from 'node:dgram'
import { decodeTftp, encodeTftp, type TftpPacket } from '#netboot/codec/tftp'
import { seededRandom } from './random.ts'

/**
 * A TFTP client that reads one file over a wire which loses, doubles and reorders packets both ways, by a seed:
 * `tsx faulty-tftp.ts JSON`. Prints `{sha256, sizeBytes, seconds, packets, repeated, error}` and ends.
 */
interface Plan { server: string; file: string; options: Record<string, string>; loss: number; duplication: number; reordering: number; seed: number; /** Stops answering after this many blocks. */ abandonAfter?: number; /** Tells the server so. */ abort?: boolean }

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan
const random = seededRandom(plan.seed)
const socket = dgram.createSocket('udp4')
const hash = createHash('sha256')
const began = performance.now()
let [peer, next, blockSize, windowSize, inWindow, gapAt, sizeBytes, packets, repeated] = [0, 1, 512, 1, 0, -1, 0, 0, 0]
let last: { packet: TftpPacket; port: number } = { packet: { kind: 'read', file: plan.file, mode: 'octet', options: new Map(Object.entries(plan.options)) }, port: 69 }
let patience: NodeJS.Timeout | undefined

/** Passes something on as the bad wire would: not at all, once, or twice, now or late. */
function wire(pass: () => void): void {
  for (let copy = 0; copy < (random() < plan.duplication ? 2 : 1); copy += 1) {
    if (random() < plan.loss) continue
    if (random() < plan.reordering) setTimeout(pass, random() * 8)
    else pass()
  }
}
function send(packet: TftpPacket, port: number): void {
  last = { packet, port }
  clearTimeout(patience)
  patience = setTimeout(() => { inWindow = 0; send(last.packet, last.port) }, 400)
  wire(() => socket.send(encodeTftp(packet), port, plan.server))
}
function finish(error: string | null): void {
  clearTimeout(patience)
  console.log(JSON.stringify({ sha256: hash.digest('hex'), sizeBytes, seconds: (performance.now() - began) / 1000, packets, repeated, error }))
  process.exit(0)
}
function ack(block: number): void {
  inWindow = 0
  send({ kind: 'ack', block: block & 0xffff }, peer)
}
function hear(packet: TftpPacket, port: number): void {
  packets += 1
  if (peer === 0) peer = port
  if (port !== peer) return
  if (packet.kind === 'error') return finish(`${packet.code} ${packet.message}`)
  if (packet.kind === 'optionAck' && next === 1) {
    blockSize = Number(packet.options.get('blksize') ?? 512)
    windowSize = Number(packet.options.get('windowsize') ?? 1)
    return ack(0)
  }
  if (packet.kind !== 'data') return undefined
  if (packet.block !== (next & 0xffff)) {
    repeated += 1
    if (gapAt !== next && windowSize > 1) { gapAt = next; ack(next - 1) }
    return undefined
  }
  hash.update(packet.bytes)
  sizeBytes += packet.bytes.length
  next += 1
  inWindow += 1
  if (plan.abandonAfter === next - 1) {
    if (plan.abort) socket.send(encodeTftp({ kind: 'error', code: 0, message: 'enough' }), peer, plan.server, () => finish('abandoned'))
    else finish('abandoned')
    return undefined
  }
  if (packet.bytes.length < blockSize) { ack(next - 1); setTimeout(() => finish(null), 50); return undefined }
  if (inWindow >= windowSize) ack(next - 1)
  return undefined
}

socket.on('message', (bytes, from) => {
  const packet = decodeTftp(bytes)
  if (packet.ok) wire(() => hear(packet.value, from.port))
})
socket.bind(0, () => send(last.packet, last.port))
setTimeout(() => finish('too slow'), 60_000)
