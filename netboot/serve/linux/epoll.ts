import { check, libc, linux } from './libc.ts'
import { closeDescriptor } from './waker.ts'

const { epollCreate, epollControl, epollWait } = libc
const EPOLL_ADD = 1
const EPOLL_DEL = 2
/** struct epoll_event is packed on x86-64 only. */
const eventBytes = process.arch === 'x64' ? 12 : 16
const dataAt = process.arch === 'x64' ? 4 : 8
const eventLimit = 64

/** What may be waited for, and `failed`, which is told unasked. @see epoll_ctl(2) */
export const readiness = { readable: 1, writable: 4, failed: 8 } as const

/** Waits in the kernel for any of many descriptors. INVARIANTS: the kernel is given the address of `events`, which lives as long as it. */
export class Epoll {
  private readonly fd = check('epoll', epollCreate(linux.CLOEXEC) as number)
  private readonly events = Buffer.alloc(eventLimit * eventBytes)

  /** Waits for `wanted` of a descriptor too; `wait` calls it by `key`, an unsigned 32-bit number. Throws where the kernel refuses it. */
  add(fd: number, wanted: number, key: number): void {
    const event = Buffer.alloc(16)
    event.writeUInt32LE(wanted, 0)
    event.writeUInt32LE(key, dataAt)
    check('epoll_ctl', epollControl(this.fd, EPOLL_ADD, fd, event) as number)
  }

  /** No longer waits for it; nothing where it did not. */
  remove(fd: number): void {
    epollControl(this.fd, EPOLL_DEL, fd, this.events)
  }

  /** Waits until something is ready or the time is over, and tells up to 64 of it. Returns how many. */
  wait(timeoutMs: number, ready: (key: number, state: number) => void): number {
    const count = epollWait(this.fd, this.events, eventLimit, timeoutMs) as number
    for (let at = 0; at < count * eventBytes; at += eventBytes) ready(this.events.readUInt32LE(at + dataAt), this.events.readUInt32LE(at))
    return count
  }

  close(): void {
    closeDescriptor(this.fd)
  }
}
