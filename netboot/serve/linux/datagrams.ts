import { Epoll, readiness } from './epoll.ts'
import { addressOf, check, errorName, libc, linux } from './libc.ts'
import { AF_INET, AF_INET6, socketName, socketNameBytes as nameBytes } from './socket-name.ts'
import { heed, type Waker } from './waker.ts'

const { recvmmsg, sendmsg, sendmmsg, setsockopt } = libc
const { MSG_DONTWAIT, SOL_IPV6 } = linux
// Linux on x86-64 and arm64 agrees on these too, and on the structures below.
const MSG_ERRQUEUE = 0x2000
const SOL_IP = 0
const IP_RECVERR = 11
const IPV6_RECVERR = 25
const SOL_UDP = 17
const UDP_SEGMENT = 103
const headerBytes = 64 // struct mmsghdr
const vectorBytes = 16 // struct iovec

/** The most datagrams that one call sends or receives. */
export const batchLimit = 64
/** The most bytes that one call sends: the largest packet that the kernel cuts into datagrams. */
export const batchBytes = 65_000

/** One received datagram. `bytes` is overwritten by the next call. */
export interface Received { readonly bytes: Uint8Array; readonly sender: ClientKey }

/** What `wait` ended with: sockets that have datagrams, and sockets that have errors. */
interface Ready { isWoken: boolean; readonly readable: number[]; readonly failed: number[] }

/** An IPv4 address and a port as one number, address times 65536, plus port; or an IPv6 one as the kernel writes it, in Latin-1. */
export type ClientKey = number | string

/** The key of a client. */
export function clientKey(address: string, port: number): ClientKey {
  const name = socketName(address, port)
  return name.readUInt16LE(0) === AF_INET ? name.readUInt32BE(4) * 65536 + port : name.toString('latin1')
}

/** Lets a UDP socket hear that a client's port is closed. */
export function hearUnreachable(fd: number): void {
  const on = Buffer.alloc(4)
  on.writeInt32LE(1)
  if ((setsockopt(fd, SOL_IPV6, IPV6_RECVERR, on, 4) as number) < 0) check('IP_RECVERR', setsockopt(fd, SOL_IP, IP_RECVERR, on, 4) as number)
}

/**
 * Datagrams of unconnected UDP sockets, many at a call: dgram takes some 10 µs of CPU for each, this takes some 2 µs for a window.
 * The kernel cuts one large packet into datagrams (UDP_SEGMENT); where the card or an old kernel cannot, they are sent one by one in one call.
 *
 * INVARIANTS: one instance per thread; buffers are made once, and the kernel is given their addresses: they must live as long as it.
 */
export class Datagrams {
  /** The bytes of the next send: datagrams of equal length side by side, the last one may be shorter. */
  readonly outgoing = Buffer.allocUnsafeSlow(batchBytes)
  private readonly outName = Buffer.alloc(nameBytes)
  private readonly outVectors = Buffer.alloc(batchLimit * vectorBytes)
  private readonly outHeaders = Buffer.alloc(batchLimit * headerBytes)
  private readonly segmentControl = Buffer.alloc(24)
  private readonly oneHeader = Buffer.alloc(headerBytes)
  private readonly oneVector = Buffer.alloc(vectorBytes)
  private readonly inBytes: Buffer
  private readonly receiveBytes: number
  private readonly inNames = Buffer.alloc(batchLimit * nameBytes)
  private readonly inVectors = Buffer.alloc(batchLimit * vectorBytes)
  private readonly inHeaders = Buffer.alloc(batchLimit * headerBytes)
  private readonly epoll = new Epoll()
  private sockets: readonly number[] = []
  private headersUsed = batchLimit
  private readonly waker: Waker
  private canSegment = true

  /** What arrives is cut to `receiveBytes`. */
  constructor(waker: Waker, receiveBytes = 600) {
    this.waker = waker
    this.receiveBytes = receiveBytes
    this.inBytes = Buffer.allocUnsafeSlow(batchLimit * receiveBytes)
    this.epoll.add(waker.fd, readiness.readable, waker.fd)
    for (let at = 0; at < batchLimit; at += 1) {
      writeVector(this.inVectors, at, addressOf(this.inBytes) + BigInt(at * receiveBytes), receiveBytes)
      writeHeader(this.inHeaders, at, addressOf(this.inNames) + BigInt(at * nameBytes), addressOf(this.inVectors) + BigInt(at * vectorBytes))
      writeHeader(this.outHeaders, at, addressOf(this.outName), addressOf(this.outVectors) + BigInt(at * vectorBytes))
    }
    writeHeader(this.oneHeader, 0, addressOf(this.outName), addressOf(this.oneVector))
    this.oneHeader.writeBigUInt64LE(addressOf(this.segmentControl), 32)
    this.segmentControl.writeBigUInt64LE(18n, 0) // cmsg_len: header 16, value 2
    this.segmentControl.writeInt32LE(SOL_UDP, 8)
    this.segmentControl.writeInt32LE(UDP_SEGMENT, 12)
    writeVector(this.oneVector, 0, addressOf(this.outgoing), 0)
  }

  /** Listens to these sockets, and no longer to others. */
  listen(fds: readonly number[]): void {
    for (const fd of this.sockets) if (!fds.includes(fd)) this.epoll.remove(fd)
    for (const fd of fds) if (!this.sockets.includes(fd)) this.epoll.add(fd, readiness.readable, fd)
    this.sockets = fds
  }

  /** Waits until a socket has something, the waker is called, or the time is over. */
  wait(timeoutMs: number): Ready {
    const ready: Ready = { isWoken: false, readable: [], failed: [] }
    this.epoll.wait(timeoutMs, (fd, state) => {
      if (fd === this.waker.fd) { heed(this.waker); ready.isWoken = true; return }
      if ((state & readiness.readable) !== 0) ready.readable.push(fd)
      if ((state & readiness.failed) !== 0) ready.failed.push(fd)
    })
    return ready
  }

  /** Waits no more. */
  close(): void {
    this.epoll.close()
  }

  /** Up to 64 datagrams that have arrived. */
  receive(fd: number): Received[] {
    return this.take(fd, MSG_DONTWAIT)
  }

  /** Who is said to be unreachable: the receivers of datagrams that came back as ICMP errors. */
  unreachable(fd: number): ClientKey[] {
    return this.take(fd, MSG_DONTWAIT | MSG_ERRQUEUE).map(({ sender }) => sender)
  }

  /**
   * Sends `outgoing` up to `length` as datagrams of `stride` bytes, the last one of what is left. Returns false where the kernel took nothing
   * or not all: the client's next ACK or its silence asks again. Throws where nothing can ever be sent there.
   */
  send(fd: number, to: ClientKey, stride: number, length: number): boolean {
    if (typeof to === 'string') this.outName.write(to, 'latin1')
    else {
      this.outName.writeUInt16LE(AF_INET, 0)
      this.outName.writeUInt16BE(to % 65536, 2)
      this.outName.writeUInt32BE(Math.floor(to / 65536), 4)
    }
    const count = Math.max(1, Math.ceil(length / stride))
    if (count > 1 && !this.canSegment) return this.sendEach(fd, stride, length, count)
    this.oneVector.writeUInt32LE(length, 8)
    this.oneHeader.writeUInt32LE(count > 1 ? 24 : 0, 40)
    this.segmentControl.writeUInt16LE(stride, 16)
    if (Number(sendmsg(fd, this.oneHeader, MSG_DONTWAIT)) >= 0) return true
    const name = errorName()
    // EIO: the way has no checksums to leave to; EINVAL, EMSGSIZE: it takes no such packet.
    if (count > 1 && (name === 'EIO' || name === 'EINVAL' || name === 'EMSGSIZE' || name === 'EOPNOTSUPP')) {
      this.canSegment = false
      return this.sendEach(fd, stride, length, count)
    }
    return isPassing(name)
  }

  private sendEach(fd: number, stride: number, length: number, count: number): boolean {
    const start = addressOf(this.outgoing)
    for (let at = 0; at < count; at += 1) writeVector(this.outVectors, at, start + BigInt(at * stride), Math.min(stride, length - at * stride))
    const sent = sendmmsg(fd, this.outHeaders, count, MSG_DONTWAIT) as number
    return sent < 0 ? isPassing(errorName()) : sent === count
  }

  private take(fd: number, flags: number): Received[] {
    // The kernel shortens the names' lengths to what it wrote.
    for (let at = 0; at < this.headersUsed; at += 1) this.inHeaders.writeUInt32LE(nameBytes, at * headerBytes + 8)
    const count = recvmmsg(fd, this.inHeaders, batchLimit, flags, null) as number
    this.headersUsed = Math.max(1, count)
    const received: Received[] = []
    const { receiveBytes } = this
    for (let at = 0; at < count; at += 1) {
      const length = this.inHeaders.readUInt32LE(at * headerBytes + 56)
      const name = at * nameBytes
      const sender = this.inNames[name] === AF_INET6 ? this.inNames.toString('latin1', name, name + nameBytes) : this.inNames.readUInt32BE(name + 4) * 65536 + this.inNames.readUInt16BE(name + 2)
      received.push({ bytes: this.inBytes.subarray(at * receiveBytes, at * receiveBytes + Math.min(length, receiveBytes)), sender })
    }
    return received
  }
}

/** struct iovec: address, length. */
function writeVector(buffer: Buffer, at: number, address: bigint, length: number): void {
  buffer.writeBigUInt64LE(address, at * vectorBytes)
  buffer.writeUInt32LE(length, at * vectorBytes + 8)
}

/** struct mmsghdr: name 8, its length 4 (8), vectors 8, their count 8, control 8, its length 8, flags 4 (8), received 4 (8). */
function writeHeader(buffer: Buffer, at: number, name: bigint, vectors: bigint): void {
  buffer.writeBigUInt64LE(name, at * headerBytes)
  buffer.writeUInt32LE(nameBytes, at * headerBytes + 8)
  buffer.writeBigUInt64LE(vectors, at * headerBytes + 16)
  buffer.writeUInt32LE(1, at * headerBytes + 24)
}

/** Whether a later try may succeed: a full buffer, an interrupted call, an ICMP error of an earlier datagram. */
function isPassing(name: string): false {
  if (['EAGAIN', 'EINTR', 'ENOBUFS', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EPERM'].includes(name)) return false
  throw new Error(`sending datagrams: ${name}`)
}
