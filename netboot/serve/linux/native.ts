import os from 'node:os'
import { encodeIpv6 } from '../../codec/ipv6.ts'
import { addressOf, check, errorName, libc, linux } from './libc.ts'
import { AF_INET6, familyOf, readSocketName, socketName, socketNameBytes } from './socket-name.ts'

const { socket, bind, setsockopt, recvmmsg, sendmmsg, recv, close, ifNameToIndex: indexOf } = libc
// Linux on x86-64 and arm64 agrees on these too.
const { AF_PACKET, SOCK_DGRAM, SOCK_RAW, SOL_SOCKET, SO_ATTACH_FILTER, SO_RCVBUFFORCE, SOL_IPV6, MSG_DONTWAIT } = linux
const SOCK_FLAGS = linux.NONBLOCK | linux.CLOEXEC
const SO_BROADCAST = 6
const SO_BINDTODEVICE = 25
const SO_SNDBUFFORCE = 32
const IPV6_V6ONLY = 26
const IPV6_JOIN_GROUP = 20
const ETH_P_IPV6 = 0x86dd

/** What a thousand machines that ask at one instant need, and what a thousand answers need that go out before the card has sent the first. */
const bufferBytes = 8 * 1024 * 1024

/** The number of a network interface. Throws where there is none of that name. */
export function interfaceIndex(name: string): number {
  const index = indexOf(name) as number
  if (index === 0) throw new Error(`there is no network interface ${name}`)
  return index
}

/** The hardware address of an interface, or undefined where it has none. */
export function interfaceMac(name: string): string | undefined {
  return os.networkInterfaces()[name]?.[0]?.mac.toLowerCase()
}

/**
 * A UDP socket that hears only one interface, broadcasts and `groups` included; for `dgram`'s `bind({ fd })`. The address says which family. Node itself can neither bind to a
 * device nor see on which one a packet came. Without SO_REUSEADDR: with it a second server would silently steal the unicast packets.
 * Throws with the failing call and the errno.
 */
export function openUdp(device: string, address: string, port: number, groups: readonly string[] = []): number {
  const family = familyOf(address)
  const fd = check('socket', socket(family, SOCK_DGRAM | SOCK_FLAGS, 0) as number)
  try {
    if (family === AF_INET6) setOption(fd, IPV6_V6ONLY, intBytes(1), SOL_IPV6)
    else setOption(fd, SO_BROADCAST, intBytes(1))
    setOption(fd, SO_BINDTODEVICE, Buffer.from(`${device}\0`))
    setOption(fd, SO_RCVBUFFORCE, intBytes(bufferBytes))
    setOption(fd, SO_SNDBUFFORCE, intBytes(bufferBytes))
    const name = socketName(address, port)
    check(`bind to ${address}:${port} on ${device}`, bind(fd, name, name.length) as number)
    for (const group of groups) setOption(fd, IPV6_JOIN_GROUP, Buffer.concat([encodeIpv6(group), intBytes(interfaceIndex(device))]), SOL_IPV6)
    return fd
  } catch (cause) {
    close(fd)
    throw new Error(`opening UDP port ${port} on ${device}`, { cause })
  }
}

/** The most datagrams that one call takes. */
const batch = 64
const datagramBytes = 2048
const messageBytes = 64 // struct mmsghdr
const nameBytes = socketNameBytes // longer than sockaddr_ll
/**
 * The kernel is given their addresses, so all four must live as long as the process: as one object that `drainUdp` holds, because a
 * constant that no function uses is collected. One set for all sockets: it is read out before the next call.
 */
const incoming = { bytes: Buffer.allocUnsafeSlow(batch * datagramBytes), names: Buffer.alloc(batch * nameBytes), vectors: Buffer.alloc(batch * 16), messages: Buffer.alloc(batch * messageBytes) }
for (let at = 0; at < batch; at += 1) {
  incoming.vectors.writeBigUInt64LE(addressOf(incoming.bytes) + BigInt(at * datagramBytes), at * 16)
  incoming.vectors.writeUInt32LE(datagramBytes, at * 16 + 8)
  // name 8, its length 4 (8), vectors 8, their count 8, control 16, flags 8, received 8
  incoming.messages.writeBigUInt64LE(addressOf(incoming.names) + BigInt(at * nameBytes), at * messageBytes)
  incoming.messages.writeBigUInt64LE(addressOf(incoming.vectors) + BigInt(at * 16), at * messageBytes + 16)
  incoming.messages.writeUInt32LE(1, at * messageBytes + 24)
}

/**
 * Takes up to 64 datagrams that wait in a UDP socket, each a copy of its own and cut to 2048 bytes, and returns how many there were. `dgram`
 * needs some 10 µs and 64 KiB for each.
 */
export function drainUdp(fd: number, take: (bytes: Uint8Array, from: { address: string; port: number }) => void): number {
  const { bytes, names, messages } = incoming
  for (let at = 0; at < batch; at += 1) messages.writeUInt32LE(nameBytes, at * messageBytes + 8)
  const count = recvmmsg(fd, messages, batch, MSG_DONTWAIT, null) as number
  const taken: { bytes: Uint8Array; from: { address: string; port: number } }[] = []
  for (let at = 0; at < count; at += 1) {
    const length = Math.min(datagramBytes, messages.readUInt32LE(at * messageBytes + 56))
    taken.push({ bytes: Buffer.from(bytes.subarray(at * datagramBytes, at * datagramBytes + length)), from: readSocketName(names, at * nameBytes) })
  }
  for (const one of taken) take(one.bytes, one.from)
  return count
}

/** Datagrams and frames to be sent, up to 64 at a call: a call for each takes most of the CPU of an answer. */
export interface Outbox {
  /** Puts one in. It goes with the others when this turn of the event loop ends, or when there are 64. */
  put(bytes: Uint8Array, name: Uint8Array): void
  /** Sends what is in it. */
  flush(): void
}

/**
 * An outbox of a socket. `failed` is told of each datagram that the kernel did not take and why; the bytes are its to keep. An answer that
 * is lost in that way is one that the client asks for again.
 */
export function openOutbox(fd: number, failed: (bytes: Uint8Array, name: Uint8Array, errno: string) => void): Outbox {
  // As with `incoming`, all of it lives as long as this object.
  const box = { bytes: Buffer.allocUnsafeSlow(batch * datagramBytes), names: Buffer.alloc(batch * nameBytes), vectors: Buffer.alloc(batch * 16), messages: Buffer.alloc(batch * messageBytes) }
  for (let at = 0; at < batch; at += 1) {
    box.vectors.writeBigUInt64LE(addressOf(box.bytes) + BigInt(at * datagramBytes), at * 16)
    box.messages.writeBigUInt64LE(addressOf(box.names) + BigInt(at * nameBytes), at * messageBytes)
    box.messages.writeBigUInt64LE(addressOf(box.vectors) + BigInt(at * 16), at * messageBytes + 16)
    box.messages.writeUInt32LE(1, at * messageBytes + 24)
  }
  let count = 0
  let isPlanned = false
  const flush = (): void => {
    for (let done = 0; done < count;) {
      const sent = sendmmsg(fd, box.messages.subarray(done * messageBytes), count - done, MSG_DONTWAIT) as number
      if (sent > 0) { done += sent; continue }
      const at = done * datagramBytes
      failed(Buffer.from(box.bytes.subarray(at, at + box.vectors.readUInt32LE(done * 16 + 8))), Buffer.from(box.names.subarray(done * nameBytes, (done + 1) * nameBytes)), errorName())
      done += 1
    }
    count = 0
  }
  return {
    put(bytes, name) {
      if (bytes.length > datagramBytes || name.length > nameBytes) throw new Error(`${bytes.length} bytes are no datagram for one Ethernet frame`)
      box.bytes.set(bytes, count * datagramBytes)
      box.names.set(name, count * nameBytes)
      box.vectors.writeUInt32LE(bytes.length, count * 16 + 8)
      box.messages.writeUInt32LE(name.length, count * messageBytes + 8)
      count += 1
      if (count === batch) return flush()
      if (isPlanned) return undefined
      isPlanned = true
      setImmediate(() => { isPlanned = false; flush() })
      return undefined
    },
    flush,
  }
}

/** A socket for whole packets below UDP. */
export interface PacketSocket {
  /** Sends a network-layer packet to a hardware address with the end of this turn. Throws where the kernel refused one before. */
  send(mac: Uint8Array, etherType: number, packet: Uint8Array): void
  /** The next IPv6 router solicitation that arrived, or undefined. */
  receive(): Uint8Array | undefined
  close(): void
}

/** One instruction of classic BPF: `yes` and `no` are how many to skip. */
export type FilterStep = readonly [code: number, yes: number, no: number, k: number]

/** Classic BPF on packets without their Ethernet header: ICMPv6 (next header at 6) of type 133 (at 40), else nothing. */
const solicitationFilter: readonly FilterStep[] = [
  [0x30, 0, 0, 6], [0x15, 0, 3, 58], [0x30, 0, 0, 40], [0x15, 0, 1, 133], [0x06, 0, 0, 0xffff], [0x06, 0, 0, 0],
]

/** Opens a packet socket on an interface. It hears nothing but router solicitations, and those only where `listen` is set. */
export function openPacketSocket(device: string, listen: boolean): PacketSocket {
  const index = interfaceIndex(device)
  const fd = check('packet socket', socket(AF_PACKET, SOCK_DGRAM | SOCK_FLAGS, 0) as number)
  if (listen) {
    attachFilter(fd, solicitationFilter)
    check('bind the packet socket', bind(fd, linkAddress(index, ETH_P_IPV6, new Uint8Array(6)), 20) as number)
  }
  const buffer = new Uint8Array(2048)
  const to = Buffer.alloc(20)
  setOption(fd, SO_SNDBUFFORCE, intBytes(bufferBytes))
  let isClosed = false
  let failure: string | null = null
  const outbox = openOutbox(fd, (_bytes, _name, errno) => { failure = errno })
  return {
    send(mac, etherType, packet) {
      if (isClosed) return
      const before = failure
      failure = null
      outbox.put(packet, linkAddress(index, etherType, mac, to))
      if (before !== null) throw new Error(`a frame before this one was not sent: ${before}`)
    },
    receive() {
      const length = Number(recv(fd, buffer, buffer.length, 0))
      return length > 0 ? buffer.slice(0, length) : undefined
    },
    close() { outbox.flush(); isClosed = true; close(fd) },
  }
}

/** Hears some of the frames that come in on an interface, with their Ethernet headers. */
export interface FrameListener {
  /** The next one, or undefined. */
  receive(): Uint8Array | undefined
  close(): void
}

/** What may be listened for, as classic BPF over whole frames: answers to ARP, and DHCP answers (UDP from 67 to 68). */
const heardFrames: Record<'arpReplies' | 'dhcpAnswers', { etherType: number; filter: readonly FilterStep[] }> = {
  arpReplies: { etherType: 0x0806, filter: [[0x28, 0, 0, 20], [0x15, 0, 1, 2], [0x06, 0, 0, 64], [0x06, 0, 0, 0]] },
  dhcpAnswers: {
    etherType: 0x0800,
    filter: [[0x30, 0, 0, 23], [0x15, 0, 8, 17], [0x28, 0, 0, 20], [0x45, 6, 0, 0x1fff], [0xb1, 0, 0, 14], [0x48, 0, 0, 14], [0x15, 0, 3, 67], [0x48, 0, 0, 16], [0x15, 0, 1, 68], [0x06, 0, 0, 1514], [0x06, 0, 0, 0]],
  },
}

/** Listens on an interface for frames of others: what we send ourselves is not heard. */
export function listenForFrames(device: string, what: keyof typeof heardFrames): FrameListener {
  const { etherType, filter } = heardFrames[what]
  // Protocol 0 until it is bound: nothing comes in before the filter is there.
  const fd = check('packet socket', socket(AF_PACKET, SOCK_RAW | SOCK_FLAGS, 0) as number)
  attachFilter(fd, filter)
  check('bind the packet socket', bind(fd, linkAddress(interfaceIndex(device), etherType, new Uint8Array(6)), 20) as number)
  const buffer = new Uint8Array(2048)
  return {
    receive() {
      const length = Number(recv(fd, buffer, buffer.length, 0))
      return length > 0 ? buffer.slice(0, length) : undefined
    },
    close() { close(fd) },
  }
}

/** Lets only what the filter answers with more than 0 into a packet socket; replaces the filter before. Throws where the kernel refuses it. */
export function attachFilter(fd: number, filter: readonly FilterStep[]): void {
  const program = Buffer.alloc(filter.length * 8)
  for (const [at, [code, yes, no, k]] of filter.entries()) {
    program.writeUInt16LE(code, at * 8)
    program.writeUInt8(yes, at * 8 + 2)
    program.writeUInt8(no, at * 8 + 3)
    program.writeUInt32LE(k >>> 0, at * 8 + 4)
  }
  const header = Buffer.alloc(16)
  header.writeUInt16LE(filter.length, 0)
  header.writeBigUInt64LE(addressOf(program), 8)
  setOption(fd, SO_ATTACH_FILTER, header)
}

/** sockaddr_ll: family 2, protocol 2 (network order), index 4, hardware type 2, packet type 1, length 1, address 8. */
function linkAddress(index: number, etherType: number, mac: Uint8Array, address = Buffer.alloc(20)): Buffer {
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16BE(etherType, 2)
  address.writeInt32LE(index, 4)
  address.writeUInt8(6, 11)
  address.set(mac, 12)
  return address
}

/** `setsockopt`; throws with the errno. */
export const setOption = (fd: number, name: number, value: Buffer, level: number = SOL_SOCKET): number => check(`socket option ${name}`, setsockopt(fd, level, name, value, value.length) as number)

/** A C `int`. */
export const intBytes = (value: number): Buffer => { const bytes = Buffer.alloc(4); bytes.writeInt32LE(value); return bytes }
