import { read, writeSync } from 'node:fs'
import { check, libc, linux } from '#netboot/serve/linux/libc'
import { attachFilter, intBytes, interfaceIndex, setOption } from '#netboot/serve/linux/native'

const { socket, bind, recv, close } = libc
const { AF_PACKET, SOCK_RAW, CLOEXEC, SO_RCVBUFFORCE, MSG_DONTWAIT } = linux
const SO_RCVTIMEO = 20
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
  const index = interfaceIndex(device)
  const fd = check('packet socket', socket(AF_PACKET, SOCK_RAW | CLOEXEC, 0) as number)
  attachFilter(fd, bootpFilter)
  setOption(fd, SO_RCVBUFFORCE, intBytes(8 << 20))
  // struct timeval: the reading thread looks up now and then, or the process could not end.
  const patience = Buffer.alloc(16)
  patience.writeBigInt64LE(100_000n, 8)
  setOption(fd, SO_RCVTIMEO, patience)
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
