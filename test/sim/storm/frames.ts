import { read, writeSync } from 'node:fs'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const socket = libc.func('int socket(int domain, int type, int protocol)')
const bind = libc.func('int bind(int fd, const uint8_t *address, uint32_t length)')
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)')
const recv = libc.func('long recv(int fd, _Out_ uint8_t *bytes, unsigned long length, int flags)')
const close = libc.func('int close(int fd)')
const indexOf = libc.func('uint32_t if_nametoindex(const char *name)')

// Linux on x86-64 and arm64 agree on these.
const AF_PACKET = 17
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SO_ATTACH_FILTER = 26
const SO_RCVBUFFORCE = 33
const MSG_DONTWAIT = 0x40
const ETH_P_IP = 0x0800

/** A network card under as many hardware addresses as one likes: whole Ethernet frames, in and out. Hears nothing but UDP to port 68. */
export interface FrameCard {
  send(frame: Uint8Array): void
  close(): void
}

/** Classic BPF on whole frames: IPv4 (at 12), UDP (at 23), no fragment (at 20), destination port 68 behind the header, else nothing. */
const bootpFilter: readonly (readonly [code: number, yes: number, no: number, k: number])[] = [
  [0x28, 0, 0, 12], [0x15, 0, 8, ETH_P_IP], [0x30, 0, 0, 23], [0x15, 0, 6, 17], [0x28, 0, 0, 20], [0x45, 4, 0, 0x1fff], [0xb1, 0, 0, 14], [0x48, 0, 0, 16], [0x15, 0, 1, 68], [0x06, 0, 0, 0xffff], [0x06, 0, 0, 0],
]

/** Opens the card on an interface; every frame that arrives is handed to `heard`, which must not throw. */
export function openFrameCard(device: string, heard: (frame: Uint8Array) => void): FrameCard {
  const index = indexOf(device) as number
  if (index === 0) throw new Error(`there is no network interface ${device}`)
  const fd = check('packet socket', socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) as number)
  attachFilter(fd)
  const bufferBytes = Buffer.alloc(4)
  bufferBytes.writeInt32LE(8 << 20)
  check('receive buffer', setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes, 4) as number)
  // struct timeval: the reading thread looks up now and then, or the process could not end.
  const patience = Buffer.alloc(16)
  patience.writeBigInt64LE(100_000n, 8)
  check('receive timeout', setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, patience, 16) as number)
  const address = Buffer.alloc(20)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16BE(ETH_P_IP, 2)
  address.writeInt32LE(index, 4)
  check(`bind to ${device}`, bind(fd, address, 20) as number)

  let isClosed = false
  const buffer = Buffer.alloc(2048)
  // Each frame is handed on as a copy: what was decoded from it may still look into it when the next one is read.
  const next = (): void => read(fd, buffer, 0, buffer.length, null, (error, length) => {
    if (isClosed) return void close(fd)
    if (error !== null && error.code !== 'EAGAIN' && error.code !== 'EINTR' && error.code !== 'ENETDOWN') throw error
    if (error === null) {
      heard(Uint8Array.from(buffer.subarray(0, length)))
      // What came together is taken together: each wait for the thread costs more than the frame.
      for (let more = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT)); more > 0; more = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT))) heard(Uint8Array.from(buffer.subarray(0, more)))
    }
    next()
  })
  next()
  return {
    send: (frame) => void writeSync(fd, frame),
    close: () => { isClosed = true },
  }
}

function attachFilter(fd: number): void {
  const program = Buffer.alloc(bootpFilter.length * 8)
  for (const [at, [code, yes, no, k]] of bootpFilter.entries()) {
    program.writeUInt16LE(code, at * 8)
    program.writeUInt8(yes, at * 8 + 2)
    program.writeUInt8(no, at * 8 + 3)
    program.writeUInt32LE(k, at * 8 + 4)
  }
  const header = Buffer.alloc(16)
  header.writeUInt16LE(bootpFilter.length, 0)
  header.writeBigUInt64LE(BigInt(koffi.address(program)), 8)
  check('filter', setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, header, 16) as number)
}

function check(act: string, result: number): number {
  if (result < 0) throw new Error(`${act}: errno ${koffi.errno()}`)
  return result
}
