import { check, libc, linux } from './libc.ts'

const { eventfd, read, write, close, fcntl } = libc
const EFD_FLAGS = linux.NONBLOCK | linux.CLOEXEC
const F_DUPFD_CLOEXEC = 1030

/** A wake-up call from one thread to another that waits in the kernel, not in Node. */
export interface Waker { readonly fd: number }

/** Makes a waker. */
export const openWaker = (): Waker => ({ fd: check('eventfd', eventfd(0, EFD_FLAGS) as number) })

/** Ends the wait of the thread that polls this waker, or its next one. */
export function wake(waker: Waker): void {
  const one = Buffer.alloc(8)
  one.writeBigUInt64LE(1n)
  write(waker.fd, one, 8)
}

/** Takes the call, so that the next wait waits again. */
export function heed(waker: Waker): void {
  read(waker.fd, Buffer.alloc(8), 8)
}

/** Closes a file descriptor that no Node object owns. */
export const closeDescriptor = (fd: number): void => { close(fd) }

/** A second descriptor of the same open file, for a thread of its own. Throws where there is none left. */
export const copyDescriptor = (fd: number): number => check('fcntl', fcntl(fd, F_DUPFD_CLOEXEC, 0) as number)

/** The descriptor behind a socket or a listening server, or undefined: Node keeps it in a property without a public name, which may be gone one day. */
export function descriptorOf(socket: object | null): number | undefined {
  const handle: unknown = socket && Reflect.get(socket, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof fd === 'number' ? fd : undefined
}
