import os from 'node:os'
import { encodeIpv6, renderIpv6, parseIpv6 } from '../../codec/ipv6.ts'
import { check, libc, linux } from './libc.ts'
import { interfaceIndex } from './native.ts'
import { AF_INET6 } from './socket-name.ts'
import { closeDescriptor } from './waker.ts'

const { socket, send, recv } = libc
const { AF_NETLINK, SOCK_RAW, CLOEXEC } = linux
// Linux on all machines agrees on these.
const RTM_NEWADDR = 20
const RTM_DELADDR = 21
const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
const NLM_F_CREATE = 0x400
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_F_NODAD = 2
const EEXIST = 17

/** An address of ours on an interface. */
export interface OwnAddress { remove(): void }

/**
 * Puts an IPv6 address of a prefix of 64 bits on an interface; one that is there already stays when this ends. It can be bound at once: the
 * prefix is ours, so nobody else is asked first. Throws with the errno, where IPv6 is switched off there too. Needs CAP_NET_ADMIN.
 */
export function addOwnAddress(device: string, address: string): OwnAddress {
  const has = (os.networkInterfaces()[device] ?? []).some((one) => one.family === 'IPv6' && canonical(one.address) === address)
  if (has) return { remove() {} }
  ask(RTM_NEWADDR, NLM_F_CREATE, device, address)
  return { remove() { ask(RTM_DELADDR, 0, device, address) } }
}

const canonical = (text: string): string => { const bytes = parseIpv6(text); return bytes ? renderIpv6(bytes) : text }

/**
 * One request to the kernel, and its answer.
 * ```
 * nlmsghdr:  length 4, type 2, flags 2, sequence 4, sender 4
 * ifaddrmsg: family 1, prefix bits 1, flags 1, scope 1, index 4
 * rtattr:    length 2, type 2, value          (local and own address are one)
 * answer:    nlmsghdr, error 4 (negative errno, 0: done)
 * ```
 */
function ask(type: number, flags: number, device: string, address: string): void {
  const bytes = Buffer.alloc(16 + 8 + 2 * 20)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(type, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK | flags, 6)
  bytes.writeUInt32LE(1, 8)
  bytes.set([AF_INET6, 64, IFA_F_NODAD, 0], 16)
  bytes.writeUInt32LE(interfaceIndex(device), 20)
  for (const [at, name] of [[24, IFA_LOCAL], [44, IFA_ADDRESS]] as const) {
    bytes.writeUInt16LE(20, at)
    bytes.writeUInt16LE(name, at + 2)
    bytes.set(encodeIpv6(address), at + 4)
  }
  const fd = check('netlink socket', socket(AF_NETLINK, SOCK_RAW | CLOEXEC, 0) as number)
  try {
    check('asking the kernel for an address', Number(send(fd, bytes, bytes.length, 0)))
    const answer = Buffer.alloc(512)
    check('hearing of an address', Number(recv(fd, answer, answer.length, 0)))
    const errno = -answer.readInt32LE(16)
    if (errno === 0 || (type === RTM_NEWADDR && errno === EEXIST)) return
    const name = Object.entries(os.constants.errno).find(([, code]) => code === errno)?.[0] ?? String(errno)
    throw new Error(`${type === RTM_NEWADDR ? 'putting' : 'taking'} ${address} ${type === RTM_NEWADDR ? 'on' : 'off'} ${device}: ${name}${name === 'EACCES' ? ' (IPv6 is switched off there)' : ''}`)
  } finally {
    closeDescriptor(fd)
  }
}
