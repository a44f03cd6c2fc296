import { broken, fine, type Check, type Finding } from './check.ts'

/** Judges a version such as `20.19.2`. */
export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 20 || (major === 20 && minor >= 19) ? fine(`Node ${version}`) : broken(`Node ${version} is too old`, 'install Node 20.19 or newer (Debian 13: apt-get install nodejs)')
}

/** Node 20.19 is what Debian 13 has. */
export const nodeVersion: Check = { id: 'node', title: 'Node', run: async () => judgeNode(process.versions.node) }
