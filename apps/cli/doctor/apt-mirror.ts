import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { broken, fine, type Check, type Finding } from './check.ts'

/** Judges the texts of apt's source files, one-line and deb822: is there a Debian mirror to build images from? */
export function judgeMirror(texts: readonly string[]): Finding {
  for (const text of texts) {
    const oneLine = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/m.exec(text)
    const uri = oneLine?.[1] ?? /^URIs:\s*(\S+)/m.exec(text)?.[1]
    // A mirror may carry a person's password: show the host only.
    if (uri !== undefined && /^(https?|file|copy|mirror\+\w+):/.test(uri)) return fine(`images are built from ${hostOf(uri)}`)
  }
  return broken('apt knows no mirror', "write one to /etc/apt/sources.list: the images' packages come from there, suite trixie")
}

/** Images are built from the mirror that apt is set to. */
export const aptMirror: Check = {
  id: 'apt-mirror', title: 'Debian mirror',
  async run() {
    const folder = '/etc/apt/sources.list.d'
    const files = ['/etc/apt/sources.list', ...(existsSync(folder) ? readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name)).map((name) => path.join(folder, name)) : [])]
    return judgeMirror(files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8')))
  },
}

function hostOf(uri: string): string {
  const { host, pathname } = new URL(uri.replace(/^mirror\+/, ''))
  return host === '' ? pathname : host
}
