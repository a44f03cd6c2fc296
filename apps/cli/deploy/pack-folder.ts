import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { pack } from 'tar-stream'
import { CliFailure } from '../failure.ts'
import { alwaysIgnored, isIgnored, parseIgnore, type IgnoreRule } from './ignore-rules.ts'

/** An app's folder as it travels. */
export interface PackedFolder { readonly tar: Buffer; readonly files: number }

const limitBytes = 512 * 1024 * 1024

/**
 * Tars a folder so that the same content always gives the same bytes: sorted names, no times, no owners, modes 0644 or 0755.
 *
 * Links inside the folder travel as links; one that leaves it is refused, since the appliance would refuse it too. At most 512 MiB.
 */
export async function packFolder(folder: string): Promise<PackedFolder> {
  const ignoreFile = path.join(folder, '.gcloudignore')
  const rules = [...(existsSync(ignoreFile) ? parseIgnore(readFileSync(ignoreFile, 'utf8')) : []), ...parseIgnore(alwaysIgnored.join('\n'))]
  const tar = pack()
  const parts: Buffer[] = []
  const collected = new Promise<void>((resolve, reject) => {
    tar.on('data', (part: unknown) => void parts.push(part as Buffer))
    tar.on('end', resolve)
    tar.on('error', reject)
  })
  const stable = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' }
  let size = 0
  const files = [...listFiles(folder, '', rules)]
  for (const name of files) {
    const file = path.join(folder, name)
    const link = linkTarget(folder, name)
    if (link !== undefined) {
      tar.entry({ ...stable, name, type: 'symlink', linkname: link, mode: 0o777 })
      continue
    }
    const body = readFileSync(file)
    size += body.length
    if (size > limitBytes) throw new CliFailure(`the folder holds more than 512 MiB: leave out what the app does not need with a .gcloudignore`)
    tar.entry({ ...stable, name, mode: (statSync(file).mode & 0o111) === 0 ? 0o644 : 0o755 }, body)
  }
  tar.finalize()
  await collected
  return { tar: Buffer.concat(parts), files: files.length }
}

/** Files and links to travel, by relative path with `/`, sorted by code unit. */
function* listFiles(folder: string, inside: string, rules: readonly IgnoreRule[]): Generator<string> {
  const entries = readdirSync(path.join(folder, inside), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const name = inside === '' ? entry.name : `${inside}/${entry.name}`
    if (isIgnored(rules, name, entry.isDirectory())) continue
    if (entry.isDirectory()) yield* listFiles(folder, name, rules)
    else if (entry.isFile() || entry.isSymbolicLink()) yield name
    else throw new CliFailure(`${name} is neither a file nor a link: leave it out with a .gcloudignore`)
  }
}

function linkTarget(folder: string, name: string): string | undefined {
  const file = path.join(folder, name)
  let link: string
  try {
    link = readlinkSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined
    throw error
  }
  const home = realpathSync(folder)
  const aim = path.resolve(path.dirname(path.join(home, name)), link)
  if (path.isAbsolute(link) || !`${aim}/`.startsWith(`${home}/`)) throw new CliFailure(`${name} is a link that leaves the folder (${link}): replace it by what it points to`)
  return link
}
