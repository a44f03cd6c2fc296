import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { must } from './command.ts'
import type { Host } from './host.ts'
import { whereAbsent } from './tasks/file.ts'

/** Gives the machine its name, now and after a reboot. Does nothing where it has it. */
export async function applyHostname(name: string, host: Host): Promise<void> {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return
  const current = await readFile(path.join(host.root, 'etc/hostname'), 'utf8').catch(whereAbsent)
  if (current?.trim() !== name) await must(host.run, 'hostnamectl', ['set-hostname', '--static', name])
}
