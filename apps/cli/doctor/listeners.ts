import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A bound UDP or listening TCP socket. `address` is dotted; empty: IPv6. */
export interface Listener { readonly protocol: 'udp' | 'tcp'; readonly address: string; readonly port: number; readonly inode: string }

/** Reads one of `/proc/net/{tcp,udp}{,6}`: bound UDP sockets (state 07) and listening TCP sockets (0A). @see proc(5) */
export function parseListeners(text: string, protocol: 'udp' | 'tcp'): Listener[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    if (state !== (protocol === 'udp' ? '07' : '0A')) return []
    const [address = '', port = ''] = local.split(':')
    return [{ protocol, address: address.length === 8 ? dotted(address) : '', port: Number.parseInt(port, 16), inode }]
  })
}

/** Of four bytes in hex, the last of the address first: Debian runs on little-endian machines only, but for s390x. */
const dotted = (hex: string): string => [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')

/** All listeners of this network namespace. */
export function readListeners(): Listener[] {
  return (['udp', 'tcp'] as const).flatMap((protocol) => ['', '6'].flatMap((family) => parseListeners(read(`/proc/net/${protocol}${family}`), protocol)))
}

/** Who holds these sockets: `name (pid)` by inode. Without root only one's own processes can be seen. */
export function findHolders(inodes: ReadonlySet<string>): Map<string, string> {
  const holders = new Map<string, string>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined && inodes.has(inode)) holders.set(inode, `${read(`/proc/${pid}/comm`).trim()} (${pid})`)
    }
  }
  return holders
}

// Processes come and go while we look, and others' are not ours to see: both are "nothing".
const gone = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM'])

function orNothing<T>(look: () => T, nothing: T): T {
  try {
    return look()
  } catch (error) {
    if (gone.has((error as NodeJS.ErrnoException).code ?? '')) return nothing
    throw error
  }
}

const read = (file: string): string => orNothing(() => readFileSync(file, 'utf8'), '')
const list = (folder: string): string[] => orNothing(() => readdirSync(folder), [])
const readLink = (file: string): string => orNothing(() => readlinkSync(file), '')
