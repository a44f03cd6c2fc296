import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { MachineRecord } from './machines/record.ts'

/** The names of the network: one line for each machine with an address, and one for each of the appliance's `own`. */
export const renderHosts = (machines: readonly Pick<MachineRecord, 'name' | 'address'>[], own: readonly string[]): string =>
  [...own.map((address) => `${address} appliance`), ...machines.filter((m) => m.address !== null).map((m) => `${m.address} ${m.name}`), ''].join('\n')

/** Keeps `machines` in the folder that the network's name server watches. */
export const hostsFile = (folder: string): ((text: string) => void) => keptFile(path.join(folder, 'machines'))

/**
 * Keeps a file that another process reads, and another user. Where nothing changed, nothing is written.
 *
 * The new file comes by rename, from a name with a dot: the name server reads no such file, and nobody ever half of one.
 */
export function keptFile(file: string): (text: string) => void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
  let written = ''
  return (text) => {
    if (text === written) return
    const fresh = path.join(path.dirname(file), `.${path.basename(file)}`)
    writeFileSync(fresh, text)
    chmodSync(fresh, 0o644)
    renameSync(fresh, file)
    written = text
  }
}
