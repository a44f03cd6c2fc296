import { renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { MachineRecord } from './machines/record.ts'

/** Writes `hosts` of the state folder, which the network's name server reads: one line for each machine with an address. */
export function writeHosts(stateDir: string, machines: readonly MachineRecord[], own: string): void {
  const file = path.join(stateDir, 'hosts')
  const lines = [`${own} appliance`, ...machines.filter((m) => m.address !== null).map((m) => `${m.address} ${m.name}`)]
  writeFileSync(`${file}.new`, `${lines.join('\n')}\n`, { mode: 0o644 })
  renameSync(`${file}.new`, file)
}
