import type { Frame } from '../../codec/frame.ts'

const mostTransfers = 1024
const keptAtFirst = 4
const keptOf = 32

interface Direction { highest: number; count: number; bytes: number }

/**
 * Which blocks of a TFTP transfer say nothing new. The first ones, every thirty-second, every block or ACK that comes again or out of order,
 * and the last one are kept: a transfer then shows its pace and each of its troubles in a few frames.
 */
export class Thinning {
  readonly #transfers = new Map<string, Direction>()

  /** Whether the frame may be left out of the record. */
  isDull({ content }: Frame): boolean {
    if (content.kind !== 'udp' || content.payload.length < 4 || content.payload[0] !== 0) return false
    const opcode = content.payload[1]
    if (opcode !== 3 && opcode !== 4 || [67, 68, 69, 514, 4011, 6666].includes(content.to.port)) return false
    const block = (content.payload[2] ?? 0) * 256 + (content.payload[3] ?? 0)
    const direction = this.#direction(`${content.from.address}:${content.from.port} ${content.to.address}:${content.to.port}`)
    const advance = (block - direction.highest) & 0xffff
    const isNew = direction.count === 0 || (advance > 0 && advance < 0x8000)
    const isLast = opcode === 3 && content.payloadBytes < direction.bytes
    direction.count += 1
    if (isNew) direction.highest = block
    direction.bytes = Math.max(direction.bytes, content.payloadBytes)
    return isNew && !isLast && direction.count > keptAtFirst && direction.count % keptOf !== 0
  }

  #direction(key: string): Direction {
    const known = this.#transfers.get(key)
    if (known) return known
    const [oldest] = this.#transfers.keys()
    if (this.#transfers.size >= mostTransfers && oldest !== undefined) this.#transfers.delete(oldest)
    const made = { highest: 0, count: 0, bytes: 0 }
    this.#transfers.set(key, made)
    return made
  }
}
