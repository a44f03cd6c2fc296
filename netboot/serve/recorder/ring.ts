import { check, libc, linux, viewMemory } from '../linux/libc.ts'
import { attachFilter, interfaceIndex, intBytes, setOption, type FilterStep } from '../linux/native.ts'

const { socket, bind, mmap, munmap, close } = libc
const { AF_PACKET } = linux
const SOCK_RAW_FLAGS = linux.SOCK_RAW | linux.NONBLOCK | linux.CLOEXEC
// Linux on x86-64 and arm64 agrees on these too.
const SOL_PACKET = 263
const PACKET_RX_RING = 5
const PACKET_VERSION = 10
const TPACKET_V3 = 2
const ETH_P_ALL = 3
const PACKET_OUTGOING = 4

const blockBytes = 64 * 1024
const blockCount = 64
const ringBytes = blockBytes * blockCount
/** A block that is not full is handed over after this long. */
const retireMs = 60

/** One frame as the kernel saw it. `bytes` is a view that is valid only during the call. */
export interface HeardFrame {
  readonly atMs: number
  readonly bytes: Uint8Array
  readonly wholeBytes: number
  readonly outgoing: boolean
}

/** The kernel's own record of what passes an interface. */
export interface PacketRing {
  /** Gives out at most about `most` frames, whole blocks at a time; returns how many there were. */
  drain(most: number, take: (frame: HeardFrame) => void): number
  /** The share of the ring, 0 to 1, that the kernel has handed over and nobody has drained. */
  waiting(): number
  /** Replaces the filter; takes effect at once. */
  filter(steps: readonly FilterStep[]): void
  close(): void
}

/**
 * Opens a ring of 4 MiB that the kernel fills by itself (TPACKET_V3): no system call and no copy of ours for a packet, in both directions,
 * with the kernel's time. Where nobody drains it in time the kernel drops what is new: the servers on the interface never wait for it.
 * Throws with the failing call and the errno.
 *
 * INVARIANTS: a block is ours while its status word is odd, the kernel's once we have stored 0 there; nothing of the map is touched after
 * `close`.
 */
export function openPacketRing(device: string, steps: readonly FilterStep[]): PacketRing {
  const index = interfaceIndex(device)
  const fd = check('packet socket', socket(AF_PACKET, SOCK_RAW_FLAGS, 0) as number)
  try {
    attachFilter(fd, steps)
    setOption(fd, PACKET_VERSION, intBytes(TPACKET_V3), SOL_PACKET)
    const request = Buffer.alloc(28)
    for (const [at, value] of [blockBytes, blockCount, 2048, ringBytes / 2048, retireMs].entries()) request.writeUInt32LE(value, at * 4)
    setOption(fd, PACKET_RX_RING, request, SOL_PACKET)
    const address = mmap(null, ringBytes, 3, 1, fd, 0) as bigint
    if (BigInt.asIntN(64, address) === -1n) check('map the packet ring', -1)
    const link = Buffer.alloc(20)
    link.writeUInt16LE(AF_PACKET, 0)
    link.writeUInt16BE(ETH_P_ALL, 2)
    link.writeInt32LE(index, 4)
    check('bind the packet ring', bind(fd, link, 20) as number)
    return overRing(fd, viewMemory(address, ringBytes), () => { close(fd); munmap(address, ringBytes) })
  } catch (cause) {
    close(fd)
    throw new Error(`recording packets on ${device}`, { cause })
  }
}

/** A block's status, how many frames it has and where the first one is; a frame's next one, time, kept and whole length, place and direction. @see linux/if_packet.h, tpacket_block_desc and tpacket3_hdr */
export const ringLayout = { blockBytes, blockCount, status: 8, frames: 12, first: 16, next: 0, seconds: 4, nanoseconds: 8, kept: 12, whole: 16, place: 24, direction: 58 } as const

/** A ring over its memory; `end` gives the memory back. */
export function overRing(fd: number, memory: ArrayBuffer, end: () => void): PacketRing {
  const view = new DataView(memory)
  const words = new Int32Array(memory)
  let block = 0
  let isClosed = false
  return {
    drain(most, take) {
      let count = 0
      if (isClosed) return count
      while (count < most) {
        const base = block * blockBytes
        const status = (base + ringLayout.status) / 4
        if ((Atomics.load(words, status) & 1) === 0) break
        const frames = view.getUint32(base + ringLayout.frames, true)
        let at = base + view.getUint32(base + ringLayout.first, true)
        for (let frame = 0; frame < frames; frame += 1) {
          const start = at + view.getUint16(at + ringLayout.place, true)
          take({
            atMs: view.getUint32(at + ringLayout.seconds, true) * 1000 + view.getUint32(at + ringLayout.nanoseconds, true) / 1e6, bytes: new Uint8Array(memory, start, view.getUint32(at + ringLayout.kept, true)),
            wholeBytes: view.getUint32(at + ringLayout.whole, true), outgoing: view.getUint8(at + ringLayout.direction) === PACKET_OUTGOING,
          })
          at += view.getUint32(at + ringLayout.next, true)
        }
        count += frames
        Atomics.store(words, status, 0)
        block = (block + 1) % blockCount
      }
      return count
    },
    waiting() {
      if (isClosed) return 0
      let blocks = 0
      while (blocks < blockCount && (Atomics.load(words, (((block + blocks) % blockCount) * blockBytes + ringLayout.status) / 4) & 1) === 1) blocks += 1
      return blocks / blockCount
    },
    filter(steps) { if (!isClosed) attachFilter(fd, steps) },
    close() {
      if (isClosed) return
      isClosed = true
      end()
    },
  }
}
