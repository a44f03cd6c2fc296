import path from 'node:path'
import type { Readable } from 'node:stream'
import { extract, type Header } from 'tar-stream'
import { fault, ok, type Result } from '#contract/result'

/** What is known of an app's folder without unpacking it. `texts` holds the few files that decide how it runs. */
export interface ScannedFolder { readonly names: ReadonlySet<string>; readonly texts: ReadonlyMap<string, string> }

/** Why a tar is not taken. `entry` is the name as it came. */
export type FolderFault =
  | { kind: 'not-a-tar'; why: string } | { kind: 'climbs'; entry: string } | { kind: 'link-leaves'; entry: string; target: string }
  | { kind: 'special'; entry: string; type: string } | { kind: 'under-link'; entry: string } | { kind: 'twice'; entry: string } | { kind: 'too-many'; most: number } | { kind: 'no-app-yaml' }

const mostEntries = 100_000
const readTexts = new Set(['app.yaml', 'requirements.txt', 'package.json'])
const mostTextBytes = 1 << 20

/** Reads an app's tar from end to end and judges every entry. Nothing is written. */
export async function scanFolder(tar: Readable): Promise<Result<ScannedFolder, FolderFault>> {
  const names = new Set<string>()
  const links = new Set<string>()
  const texts = new Map<string, string>()
  const parser = extract()
  tar.on('error', (error) => parser.destroy(error))
  tar.pipe(parser)
  try {
    for await (const entry of parser) {
      const judged = judgeEntry(entry.header)
      if (!judged.ok) return judged
      const { name, kind } = judged.value
      if (name !== '') {
        if (parents(name).some((parent) => links.has(parent))) return fault({ kind: 'under-link', entry: name })
        if (kind !== 'folder' && names.has(name)) return fault({ kind: 'twice', entry: name })
        names.add(name)
        if (kind === 'link') links.add(name)
        if (names.size > mostEntries) return fault({ kind: 'too-many', most: mostEntries })
      }
      if (kind === 'file' && readTexts.has(name) && (entry.header.size ?? 0) <= mostTextBytes) texts.set(name, await readAll(entry))
      else entry.resume()
    }
  } catch (error) {
    return fault({ kind: 'not-a-tar', why: error instanceof Error ? error.message : String(error) })
  } finally {
    tar.destroy()
  }
  return texts.has('app.yaml') ? ok({ names, texts }) : fault({ kind: 'no-app-yaml' })
}

/** One entry's name inside the folder (`''` is the folder itself) and kind, or why it is refused. */
export function judgeEntry(header: Pick<Header, 'name' | 'type' | 'linkname'>): Result<{ name: string; kind: 'file' | 'folder' | 'link'; target: string }, FolderFault> {
  const raw = header.name
  const name = path.posix.normalize(raw).replace(/^\.$/, '').replace(/\/$/, '')
  if (raw.startsWith('/') || raw.includes('\0') || raw.split('/').includes('..') || raw.length > 4096) return fault({ kind: 'climbs', entry: raw })
  const type = header.type ?? 'file'
  if (type === 'file' || type === 'contiguous-file') return name === '' ? fault({ kind: 'climbs', entry: raw }) : ok({ name, kind: 'file', target: '' })
  if (type === 'directory') return ok({ name, kind: 'folder', target: '' })
  if (type !== 'symlink') return fault({ kind: 'special', entry: raw, type })
  const target = header.linkname ?? ''
  const leadsTo = path.posix.join(path.posix.dirname(name), target)
  if (target === '' || target.startsWith('/') || target.includes('\0') || leadsTo === '..' || leadsTo.startsWith('../')) return fault({ kind: 'link-leaves', entry: raw, target })
  return ok({ name, kind: 'link', target })
}

/** The fault as a sentence for the person who sent the folder. */
export function explainFolder(problem: FolderFault): string {
  switch (problem.kind) {
    case 'not-a-tar': return `This is not a whole tar archive (${problem.why}): send the folder again.`
    case 'climbs': return `The archive holds ${JSON.stringify(problem.entry.slice(0, 200))}, which is not a path inside the app's folder.`
    case 'link-leaves': return `The link ${JSON.stringify(problem.entry.slice(0, 200))} leads to ${JSON.stringify(problem.target.slice(0, 200))}, outside the app's folder: copy the file in instead.`
    case 'special': return `${JSON.stringify(problem.entry.slice(0, 200))} is a ${problem.type}: an app is made of files, folders and symbolic links only.`
    case 'under-link': return `${JSON.stringify(problem.entry.slice(0, 200))} lies behind a symbolic link.`
    case 'twice': return `${JSON.stringify(problem.entry.slice(0, 200))} is in the archive twice.`
    case 'too-many': return `The folder holds more than ${problem.most} files: leave out what the app does not need with a .gcloudignore.`
    case 'no-app-yaml': return 'The folder has no app.yaml at its top: it must say at least "runtime: python3" or "runtime: nodejs".'
  }
}

const parents = (name: string): string[] => name.split('/').slice(0, -1).map((_, index, parts) => parts.slice(0, index + 1).join('/'))

async function readAll(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of entry) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
