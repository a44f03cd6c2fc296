import type { Sender, UdpPort } from '../linux/udp.ts'

const loopback = '127.0.0.1'

/** What a rehearsal's server and its machines speak through. */
export interface Wire {
  /** Begins: what is sent to the server and to the machines goes to these two. */
  open(server: (bytes: Uint8Array, from: Sender) => void, client: (bytes: Buffer) => void): void
  readonly toServer: (bytes: Uint8Array) => void
  readonly toClient: (bytes: Uint8Array) => void
  close(): void
}

/** A wire without a kernel: each calls the other. */
export function openDirectWire(): Wire {
  let [server, client]: [(bytes: Uint8Array, from: Sender) => void, (bytes: Buffer) => void] = [() => {}, () => {}]
  return {
    open(toServer, toClient) { server = toServer; client = toClient },
    toServer: (bytes) => server(Buffer.from(bytes), { address: loopback, port: 67 }),
    toClient: (bytes) => client(Buffer.from(bytes)),
    close() {},
  }
}

/** A wire through the kernel: a port on the loopback that speaks with itself, so that what receives and sends is rehearsed too. */
export function openLoopbackWire(port: UdpPort): Wire {
  const self: Sender = { address: loopback, port: port.number }
  const send = (bytes: Uint8Array): void => port.send(bytes, self)
  return {
    open(server, client) {
      port.serve((bytes, from) => {
        if (bytes[0] === 1) server(bytes, from)
        else client(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      }, () => undefined)
    },
    toServer: send, toClient: send,
    close() { void port.close() },
  }
}
