import { closeSync, openSync, readSync } from 'node:fs'

const blockBytes = 1024 * 1024
const openLimit = 32

/**
 * The bytes of boot files, shared by all transfers: each block is read once while it is wanted. Files are named by paths whose bytes never
 * change. Reading is synchronous: it belongs on a thread that nobody's DHCP answer waits for.
 *
 * INVARIANTS: at most `limitBytes` of blocks and 32 open files; what was used longest ago goes first.
 */
export class FileBlocks {
  private readonly blocks = new Map<string, Buffer>()
  private readonly files = new Map<string, number>()
  private readonly blockLimit: number

  constructor(limitBytes: number) {
    this.blockLimit = Math.max(1, Math.floor(limitBytes / blockBytes))
  }

  /** Copies `length` bytes from `position` of a file into `target`. Throws where the file cannot be read or is shorter. */
  copy(path: string, position: number, length: number, target: Uint8Array, at: number): void {
    let done = 0
    while (done < length) {
      const index = Math.floor((position + done) / blockBytes)
      const from = (position + done) % blockBytes
      const block = this.block(path, index)
      const count = Math.min(length - done, block.length - from)
      if (count <= 0) throw new Error(`the file is shorter than its manifest says: ${index * blockBytes + block.length} bytes`)
      block.copy(target, at + done, from, from + count)
      done += count
    }
  }

  /** Closes all files and forgets all bytes. */
  close(): void {
    for (const fd of this.files.values()) closeSync(fd)
    this.files.clear()
    this.blocks.clear()
  }

  private block(path: string, index: number): Buffer {
    const key = `${index} ${path}`
    const known = this.blocks.get(key)
    if (known) {
      // Only under pressure does the order matter, and moving an entry costs more than the copy it serves.
      if (this.blocks.size > this.blockLimit / 2) { this.blocks.delete(key); this.blocks.set(key, known) }
      return known
    }
    const block = this.readBlock(path, index)
    this.blocks.set(key, block)
    if (this.blocks.size > this.blockLimit) this.blocks.delete(this.blocks.keys().next().value ?? '')
    return block
  }

  private readBlock(path: string, index: number): Buffer {
    const fd = this.open(path)
    const block = Buffer.allocUnsafeSlow(blockBytes)
    let length = 0
    while (length < blockBytes) {
      const count = readSync(fd, block, length, blockBytes - length, index * blockBytes + length)
      if (count === 0) break
      length += count
    }
    return block.subarray(0, length)
  }

  private open(path: string): number {
    const known = this.files.get(path)
    if (known !== undefined) return known
    const fd = openSync(path, 'r')
    this.files.set(path, fd)
    if (this.files.size > openLimit) {
      const [oldest = path, old = fd] = this.files.entries().next().value ?? []
      this.files.delete(oldest)
      closeSync(old)
    }
    return fd
  }
}
