import os from 'node:os'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const eventfd = libc.func('int eventfd(unsigned int start, int flags)')
const readFd = libc.func('long read(int fd, uint8_t *bytes, unsigned long length)')
const writeFd = libc.func('long write(int fd, const uint8_t *bytes, unsigned long length)')
const closeFd = libc.func('int close(int fd)')
const fcntl = libc.func('int fcntl(int fd, int command, int value)')

const EFD_FLAGS = 0o4000 | 0o2000000 // NONBLOCK, CLOEXEC
const F_DUPFD_CLOEXEC = 1030

/** A wake-up call from one thread to another that waits in the kernel, not in Node. */
export interface Waker { readonly fd: number }

/** Makes a waker. */
export const openWaker = (): Waker => ({ fd: check('eventfd', eventfd(0, EFD_FLAGS) as number) })

/** Ends the wait of the thread that polls this waker, or its next one. */
export function wake(waker: Waker): void {
  const one = Buffer.alloc(8)
  one.writeBigUInt64LE(1n)
  writeFd(waker.fd, one, 8)
}

/** Takes the call, so that the next wait waits again. */
export function heed(waker: Waker): void {
  readFd(waker.fd, Buffer.alloc(8), 8)
}

/** Closes a file descriptor that no Node object owns. */
export const closeDescriptor = (fd: number): void => { closeFd(fd) }

/** A second descriptor of the same open file, for a thread of its own. Throws where there is none left. */
export const copyDescriptor = (fd: number): number => check('fcntl', fcntl(fd, F_DUPFD_CLOEXEC, 0) as number)

/** The descriptor behind a socket or a listening server, or undefined: Node keeps it in a property without a public name, which may be gone one day. */
export function descriptorOf(socket: object | null): number | undefined {
  const handle: unknown = socket && Reflect.get(socket, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof fd === 'number' ? fd : undefined
}

/** The name of the last failed call's errno. */
export function errorName(): string {
  const errno = koffi.errno()
  return Object.entries(os.constants.errno).find(([, code]) => code === errno)?.[0] ?? String(errno)
}

/** The result of a system call. Throws where it failed. */
export function check(act: string, result: number): number {
  if (result < 0) throw new Error(`${act}: ${errorName()}`)
  return result
}
