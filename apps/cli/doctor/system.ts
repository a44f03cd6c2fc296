import { readFileSync } from 'node:fs'
import { advice, broken, fine, type Check, type Finding } from './check.ts'

/** Judges `/etc/os-release`. */
export function judgeSystem(osRelease: string): Finding {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(osRelease)?.[1] ?? ''
  const name = field('PRETTY_NAME')
  if (field('ID') !== 'debian') return broken(name === '' ? 'not Debian' : name, 'use a machine with Debian 13 or 12')
  const version = Number(field('VERSION_ID'))
  if (Number.isNaN(version) || version === 0 || version > 13) return advice(`${name}, newer than what was tried`, 'if something fails, use Debian 13')
  return version >= 12 ? fine(name) : broken(name, 'upgrade to Debian 13 (or 12)')
}

/** The appliance is made for Debian 13 and 12. */
export const system: Check = { id: 'system', title: 'System', run: async () => judgeSystem(readFileSync('/etc/os-release', 'utf8')) }
