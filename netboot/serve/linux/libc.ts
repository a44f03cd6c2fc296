import os from 'node:os'
import koffi from 'koffi'

const library = koffi.load('libc.so.6')

/** Calls of the C library by their names in the manual, sections 2 and 3. What they return is negative where they failed: `check` takes it. */
export const libc = {
  socket: library.func('int socket(int domain, int type, int protocol)'),
  bind: library.func('int bind(int fd, const uint8_t *address, uint32_t length)'),
  setsockopt: library.func('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)'),
  send: library.func('long send(int fd, const uint8_t *bytes, unsigned long length, int flags)'),
  recv: library.func('long recv(int fd, _Out_ uint8_t *bytes, unsigned long length, int flags)'),
  sendmsg: library.func('long sendmsg(int fd, const uint8_t *message, int flags)'),
  sendmmsg: library.func('int sendmmsg(int fd, uint8_t *messages, unsigned int count, int flags)'),
  recvmmsg: library.func('int recvmmsg(int fd, uint8_t *messages, unsigned int count, int flags, void *timeout)'),
  sendfile: library.func('long sendfile(int to, int from, uint8_t *offset, unsigned long count)'),
  close: library.func('int close(int fd)'),
  ifNameToIndex: library.func('uint32_t if_nametoindex(const char *name)'),
  eventfd: library.func('int eventfd(unsigned int start, int flags)'),
  read: library.func('long read(int fd, uint8_t *bytes, unsigned long length)'),
  write: library.func('long write(int fd, const uint8_t *bytes, unsigned long length)'),
  fcntl: library.func('int fcntl(int fd, int command, int value)'),
  epollCreate: library.func('int epoll_create1(int flags)'),
  epollControl: library.func('int epoll_ctl(int epoll, int operation, int fd, uint8_t *event)'),
  epollWait: library.func('int epoll_wait(int epoll, uint8_t *events, int count, int timeout)'),
  mmap: library.func('void *mmap(void *address, unsigned long length, int protection, int flags, int fd, long offset)'),
  munmap: library.func('int munmap(void *address, unsigned long length)'),
}

/** Constants that more than one caller needs; Linux on x86-64 and arm64 agrees on them. */
export const linux = {
  AF_NETLINK: 16, AF_PACKET: 17, SOCK_DGRAM: 2, SOCK_RAW: 3, NONBLOCK: 0o4000, CLOEXEC: 0o2000000,
  SOL_SOCKET: 1, SOL_IPV6: 41, SO_ATTACH_FILTER: 26, SO_RCVBUFFORCE: 33, MSG_DONTWAIT: 0x40,
} as const

/** Where these bytes are, for a structure that points to them. They must outlive the call that reads it. */
export const addressOf = (bytes: Uint8Array): bigint => BigInt(koffi.address(bytes))

/** What the kernel has mapped at an address, as memory of ours. */
export const viewMemory = (address: bigint, bytes: number): ArrayBuffer => koffi.view(address, bytes) as ArrayBuffer

/** Why the last call failed, by its name in errno.h. */
export function errorName(): string {
  const errno = koffi.errno()
  return Object.entries(os.constants.errno).find(([, code]) => code === errno)?.[0] ?? String(errno)
}

/** The result of a call that is negative where it failed: throws then, with the act and the errno. */
export function check(act: string, result: number): number {
  if (result >= 0) return result
  const name = errorName()
  throw new Error(name === 'EADDRINUSE' ? `${act}: another program has this port (${name})` : `${act}: ${name}`)
}
