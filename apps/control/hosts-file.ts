import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { MachineRecord } from './machines/record.ts'

/** The names of the network: one line for each machine with an address. */
export const renderHosts = (machines: readonly Pick<MachineRecord, 'name' | 'address'>[], own: string): string =>
  [`${own} appliance`, ...machines.filter((m) => m.address !== null).map((m) => `${m.address} ${m.name}`), ''].join('\n')

/**
 * Keeps `machines` in the folder that the network's name server watches. Where nothing changed, nothing is written.
 *
 * The new file comes by rename, from a name with a dot: the name server reads no such file, and never half of one.
 */
export function hostsFile(folder: string): (text: string) => void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  let written = ''
  return (text) => {
    if (text === written) return
    const fresh = path.join(folder, '.machines')
    writeFileSync(fresh, text)
    // The name server is another user.
    chmodSync(fresh, 0o644)
    renameSync(fresh, path.join(folder, 'machines'))
    written = text
  }
}
