import { closeSync, openSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { Epoll, readiness } from '../linux/epoll.ts'
import type { FileOrder, FileReport } from './file-orders.ts'
import { errorName, libc } from '../linux/libc.ts'
import { closeDescriptor, heed, type Waker } from '../linux/waker.ts'

/**
 * The thread that sends files into HTTP connections by sendfile(2): the bytes go from the kernel's cache, which all downloads share, to the
 * card without passing through this process. It waits in epoll, not in Node, and takes orders from its port when it is woken.
 *
 * INVARIANTS: a send's descriptor is ours and is closed before its end is reported; nobody gets more than `quantumBytes` at a turn.
 */
interface Send { readonly id: number; readonly slot: number; readonly fd: number; readonly path: string; readonly start: number; at: number; readonly end: number; movedAtMs: number }

const { sendfile } = libc

/** What a fast client's socket has room for at once: with less, the client is woken and the segments are cut more often. */
const quantumBytes = 2 * 1024 * 1024
/** A client that takes no byte for this long has gone. */
const stalledMs = 120_000
const idleFiles = 64
/** Where threads want one processor, addresses and scripts go before gigabytes. */
const niceness = 5

const { waker, progress } = workerData as { waker: Waker; progress: Float64Array }
const orders = parentPort as MessagePort
const sends = new Map<number, Send>()
const files = new Map<string, { fd: number; users: number }>()
const epoll = new Epoll()
const offset = Buffer.alloc(8)
const state = { isClosing: false }
let lookedAtMs = 0

const report = (what: FileReport): void => orders.postMessage(what, [])
const now = (): number => performance.now()

setPriority(niceness) // of this thread alone
epoll.add(waker.fd, readiness.readable, 0)
while (!state.isClosing) {
  try {
    epoll.wait(5000, (id) => (id === 0 ? obeyAll() : move(sends.get(id))))
    dropStalled()
  } catch (error) {
    report({ kind: 'broken', error: String(error) })
  }
}
for (const send of Array.from(sends.values())) end(send, 'the server stops')
for (const { fd } of files.values()) closeSync(fd)
epoll.close()
orders.close()

function obeyAll(): void {
  heed(waker)
  for (let next = receiveMessageOnPort(orders); next; next = receiveMessageOnPort(orders)) obey(next.message as FileOrder)
}

function obey(order: FileOrder): void {
  switch (order.kind) {
    case 'close': state.isClosing = true; return
    case 'drop': {
      const send = sends.get(order.id)
      return send ? end(send, 'dropped') : undefined
    }
    case 'send': {
      const { id, slot, fd, path, start } = order
      const send: Send = { id, slot, fd, path, start, at: start, end: order.end, movedAtMs: now() }
      sends.set(id, send)
      try {
        take(path)
        epoll.add(fd, readiness.writable, id)
      } catch (error) {
        return end(send, String(error))
      }
      return move(send)
    }
  }
}

function move(send: Send | undefined): void {
  if (!send) return
  offset.writeBigInt64LE(BigInt(send.at))
  const sent = Number(sendfile(send.fd, files.get(send.path)?.fd ?? -1, offset, Math.min(quantumBytes, send.end + 1 - send.at)))
  if (sent < 0) {
    const name = errorName()
    return name === 'EAGAIN' || name === 'EINTR' ? undefined : end(send, name)
  }
  if (sent === 0) return end(send, 'the file is shorter than its manifest says')
  send.at += sent
  send.movedAtMs = now()
  progress[send.slot] = send.at - send.start
  return send.at > send.end ? end(send, null) : undefined
}

function end(send: Send, fault: string | null): void {
  if (!sends.delete(send.id)) return
  epoll.remove(send.fd)
  closeDescriptor(send.fd)
  const file = files.get(send.path)
  if (file) file.users -= 1
  report({ kind: 'ended', id: send.id, sentBytes: send.at - send.start, fault })
}

function take(path: string): void {
  const file = files.get(path) ?? { fd: openSync(path, 'r'), users: 0 }
  file.users += 1
  // The last one used comes last.
  files.delete(path)
  files.set(path, file)
  if (files.size <= idleFiles) return
  for (const [other, { fd, users }] of files) if (users === 0) { files.delete(other); closeSync(fd); return }
}

function dropStalled(): void {
  if (now() - lookedAtMs < 5000) return
  lookedAtMs = now()
  for (const send of Array.from(sends.values())) if (lookedAtMs - send.movedAtMs > stalledMs) end(send, 'the client takes nothing')
}
