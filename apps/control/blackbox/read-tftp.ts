import type { Mac } from '#contract/mac'
import type { End, FrameContent } from '#netboot/codec/frame'
import { decodeTftp } from '#netboot/codec/tftp'
import type { TftpMoment } from './moment.ts'

const mostTransfers = 500
/** Nothing for so long: the transfer is over. */
const silentMs = 30_000

interface Draft { moment: { -readonly [K in keyof TftpMoment]: TftpMoment[K] }; askedSize: boolean; answered: boolean; highest: number; acked: number; lastBlock: number | null }

/** Puts the packets of one machine's TFTP transfers together. */
export class TftpReader {
  readonly #mac: Mac
  readonly #open = new Map<string, Draft>()
  readonly #all: Draft[] = []

  constructor(mac: Mac) { this.#mac = mac }

  /** Takes one datagram that is no DHCP. */
  take({ from, to, payload, payloadBytes }: FrameContent & { kind: 'udp' }, atMs: number): void {
    const decoded = decodeTftp(payload)
    if (!decoded.ok) return
    const packet = decoded.value
    const key = (end: End): string => `${end.address}:${end.port}`
    if (packet.kind === 'read' || packet.kind === 'write') {
      if (to.port !== 69) return
      const before = this.#open.get(key(from))
      if (before !== undefined && !before.answered && before.moment.file === packet.file) {
        before.moment.retries += 1
        before.moment.packets += 1
        before.moment.endMs = atMs
        return
      }
      if (this.#all.length >= mostTransfers) return
      const draft: Draft = {
        askedSize: packet.options.has('tsize'), answered: false, highest: 0, acked: 0, lastBlock: null, moment: {
        kind: 'tftp', atMs, mac: this.#mac, seq: null, file: packet.file.slice(0, 128), server: to.address, sizeBytes: null, bytes: 0, blockSize: 512, windowSize: 1, packets: 1, retries: 0,
        end: 'open', error: '', endMs: atMs,
        },
      }
      this.#open.set(key(from), draft)
      this.#all.push(draft)
      return
    }
    const isClient = this.#open.has(key(from))
    const draft = this.#open.get(isClient ? key(from) : key(to))
    if (draft === undefined || atMs - draft.moment.endMs > silentMs) return
    const { moment } = draft
    moment.packets += 1
    moment.endMs = atMs
    if (!isClient) draft.answered = true
    if (packet.kind === 'optionAck') {
      const number = (name: string): number | undefined => { const value = packet.options.get(name); return value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : undefined }
      moment.blockSize = number('blksize') ?? 512
      moment.windowSize = number('windowsize') ?? 1
      moment.sizeBytes = number('tsize') ?? null
    } else if (packet.kind === 'data') {
      const block = unwrap(packet.block, draft.highest)
      if (block <= draft.highest) moment.retries += 1
      draft.highest = Math.max(draft.highest, block)
      if (payloadBytes - 4 < moment.blockSize) draft.lastBlock = block
      moment.bytes = Math.max(moment.bytes, (block - 1) * moment.blockSize + (payloadBytes - 4))
    } else if (packet.kind === 'ack') {
      draft.acked = Math.max(draft.acked, unwrap(packet.block, draft.acked))
    } else if (packet.kind === 'error' && isClient) {
      // A probe for the size ends with an error, on purpose (uefi-virtio-ovmfnative-pxe.pcap).
      const isProbe = draft.askedSize && draft.acked === 0 && draft.highest <= moment.windowSize
      moment.end = isProbe ? 'probe' : 'aborted'
      moment.error = isProbe ? '' : `${packet.code} ${packet.message}`.trim().slice(0, 120)
      this.#open.delete(key(from))
    } else if (packet.kind === 'error') {
      moment.end = 'refused'
      moment.error = `${packet.code} ${packet.message}`.trim().slice(0, 120)
      this.#open.delete(key(to))
    }
  }

  /** All transfers so far. */
  moments(): TftpMoment[] {
    return this.#all.map(({ moment, answered, highest, acked, lastBlock }) => {
      if (moment.end !== 'open') return { ...moment }
      if (lastBlock !== null && highest >= lastBlock) return { ...moment, end: 'done' }
      return { ...moment, end: answered || acked > 0 ? 'open' : 'silent' }
    })
  }
}

/** A block number on the wire is modulo 65536: the one nearest to where the transfer is. */
function unwrap(block: number, near: number): number {
  const base = near - (near & 0xffff)
  const candidates = [base - 65_536 + block, base + block, base + 65_536 + block].filter((value) => value >= 0)
  return candidates.reduce((best, value) => (Math.abs(value - near) < Math.abs(best - near) ? value : best), block)
}
