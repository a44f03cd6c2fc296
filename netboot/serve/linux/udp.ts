import dgram from 'node:dgram'
import type { DropReason, NetbootLog } from '../../site.ts'
import { drainUdp, openOutbox, openUdp, type Outbox } from './native.ts'
import { AF_INET, familyOf, readSocketName, socketName } from './socket-name.ts'

/** After so many in a row other sockets and timers have their turn. */
const mostInARow = 512

/** Who sent a datagram. */
export interface Sender { readonly address: string; readonly port: number }

/** A bound UDP socket of one interface, not serving yet. */
export interface UdpPort {
  /** Its number; where 0 was asked for, the kernel's choice. */
  readonly number: number
  /** Begins to serve. What `handle` throws or rejects with is logged and counted: one bad datagram never ends the loop. */
  serve(handle: (bytes: Uint8Array, from: Sender) => void | Promise<void>, broken: (reason: DropReason) => void): void
  /** Sends and forgets: the kernel says "ok" even where there is no route. Errors are logged. */
  send(bytes: Uint8Array, to: Sender): void
  close(): Promise<void>
}

/** Binds a UDP port on one interface, and joins multicast groups there. Rejects where the port is taken or the interface is absent. */
export async function bindUdp(device: string, address: string, port: number, log: NetbootLog, groups: readonly string[] = []): Promise<UdpPort> {
  const socket = dgram.createSocket({ type: familyOf(address) === AF_INET ? 'udp4' : 'udp6' })
  const state = { isClosed: false }
  let outbox: Outbox | undefined
  const fd = openUdp(device, address, port, groups)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ fd, exclusive: true }, () => { socket.off('error', reject); resolve() })
  })
  // ICMP errors of earlier sends arrive here; they say nothing about this socket.
  socket.on('error', (error) => log.warn({ port, device, error: String(error) }, 'udp.socketError'))
  return {
    number: socket.address().port,
    serve(handle, broken) {
      const refuse = (error: unknown): void => { broken('broken'); log.error({ port, device, err: error }, 'datagram.broken') }
      const take = (bytes: Uint8Array, from: Sender): void => {
        try {
          const pending = handle(bytes, from)
          if (pending) pending.catch(refuse)
        } catch (error) {
          refuse(error)
        }
      }
      // dgram tells that there is something, and the rest of a burst is taken at a fraction of its cost.
      socket.on('message', (bytes, from) => {
        // The zone of a link-local address is our interface.
        take(bytes, { address: from.address.replace(/%.*$/, ''), port: from.port })
        for (let count = 0, got = 1; got > 0 && count < mostInARow && !state.isClosed; count += got) got = drainUdp(fd, take)
      })
    },
    send(bytes, to) {
      if (to.port === 0 || state.isClosed) return
      // The kernel's buffer is full, or there is no way: dgram waits, or says why.
      outbox ??= openOutbox(fd, (again, name) => {
        const to = readSocketName(name)
        socket.send(again, to.port, to.address.startsWith('fe80:') ? `${to.address}%${device}` : to.address, (error) => { if (error) log.warn({ to: to.address, port, error: String(error) }, 'udp.notSent') })
      })
      outbox.put(bytes, socketName(to.address, to.port))
    },
    close: () => new Promise((resolve) => { outbox?.flush(); state.isClosed = true; socket.close(() => resolve()) }),
  }
}
