import { readFileSync } from 'node:fs'
import os from 'node:os'

/** A card of the host and its IPv4 addresses as CIDR. */
export interface HostCard { readonly name: string; readonly addresses: readonly string[] }

/** The cards of the host but loopback, as they are now. */
export function readHostCards(): HostCard[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, all = []]) => {
    const own = all.filter((one) => one.family === 'IPv4' && !one.internal)
    return all.every((one) => one.internal) ? [] : [{ name, addresses: own.flatMap(({ cidr }) => cidr ?? []) }]
  })
}

/** The name servers that the host itself asks, but those on loopback, which machines could not reach. */
export function readNameServers(): string[] {
  try {
    return [...readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)/gm)].flatMap((match) => match[1] ?? []).filter((address) => !address.startsWith('127.'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
