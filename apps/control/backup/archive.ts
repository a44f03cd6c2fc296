import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { extract, pack, type Pack } from 'tar-stream'
import { z } from 'zod'

/** What a backup says of itself, in its first entry. */
export const BackupHead = z.object({ format: z.literal('system-cloud-backup-1'), version: z.string().max(40), at: z.string().max(40) })
export type BackupHead = z.infer<typeof BackupHead>

/** Why an archive is not taken, as a sentence. */
export class BadBackup extends Error {}

const headName = 'backup.json'
const sumsName = 'SHA256SUMS'
const mostBytes = 16 * 1024 ** 3
const mostFiles = 200_000
const safeName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,6}$/

/** Files below `folder` as relative names, sorted; links and what `leaveOut` says are passed over. */
export function listFiles(folder: string, leaveOut: (name: string) => boolean, prefix = ''): string[] {
  return readdirSync(path.join(folder, prefix), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (leaveOut(name)) return []
    return entry.isDirectory() ? listFiles(folder, leaveOut, name) : entry.isFile() ? [name] : []
  })
}

/** Writes an archive (gzip'd tar) of `files`: each a name in it and where its bytes are. What has gone meanwhile is left out; what has grown is cut where it ended. */
export async function writeArchive(target: string, head: BackupHead, files: readonly { name: string; file: string }[]): Promise<void> {
  const tar = pack()
  const written = pipeline(tar, createGzip({ level: 4 }), createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }))
  const filled = fill(tar, head, files).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  })
  await Promise.all([written, filled])
}

async function fill(tar: Pack, head: BackupHead, files: readonly { name: string; file: string }[]): Promise<void> {
  await add(tar, headName, JSON.stringify(head))
  const sums: string[] = []
  for (const { name, file } of files) {
    const size = sizeOf(file)
    if (size === undefined) continue
    const hash = createHash('sha256')
    if (size === 0) await add(tar, name, '')
    else await pipeline(createReadStream(file, { end: size - 1 }), new Transform({ transform(chunk: Buffer, _, done) { hash.update(chunk); done(null, chunk) } }), tar.entry({ name, size, mode: 0o600, mtime: new Date(head.at) }))
    sums.push(`${hash.digest('hex')}  ${name}\n`)
  }
  await add(tar, sumsName, sums.join(''))
  tar.finalize()
}

const add = (tar: Pack, name: string, text: string): Promise<void> => new Promise((resolve, reject) => {
  tar.entry({ name, mode: 0o600, mtime: new Date(0) }, text, (error) => (error == null ? resolve() : reject(error)))
})

function sizeOf(file: string): number | undefined {
  try {
    return lstatSync(file).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Unpacks an archive into the empty folder `into`. Rejects with `BadBackup` where it is none, is damaged, or has a name that leads out. */
export async function readArchive(file: string, into: string): Promise<BackupHead> {
  const parser = extract()
  const [unpacked, fed] = await Promise.allSettled([unpack(parser, into).catch((error: unknown) => {
    parser.destroy()
    throw error
  }), pipeline(createReadStream(file), createGunzip(), parser)])
  if (unpacked.status === 'fulfilled' && fed.status === 'fulfilled') return unpacked.value
  const reasons: unknown[] = [unpacked, fed].flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  // What we say ourselves comes first, then what the disk says; anything else is the archive's fault.
  throw reasons.find((one) => one instanceof BadBackup) ?? reasons.find(isOfTheDisk) ?? new BadBackup('it is damaged, or not a backup', { cause: reasons[0] })
}

const isOfTheDisk = (error: unknown): boolean => error instanceof Error && /^E[A-Z]+$/.test(String((error as NodeJS.ErrnoException).code))

async function unpack(parser: ReturnType<typeof extract>, into: string): Promise<BackupHead> {
  const sums = new Map<string, string>()
  let head: BackupHead | undefined
  let told: string | undefined
  let bytes = 0
  for await (const entry of parser) {
    const { name, type, size = 0 } = entry.header
    bytes += size
    if (told !== undefined) throw new BadBackup('it goes on after its end')
    if (bytes > mostBytes || sums.size > mostFiles) throw new BadBackup('it is larger than any backup')
    if (head === undefined || name === sumsName) {
      if (head === undefined && name !== headName) throw new BadBackup('it is not a backup of System Cloud')
      if (size > 64 * 1024 * 1024) throw new BadBackup('its table is too large')
      const text = await textOf(entry)
      if (name === sumsName) told = text
      else head = readHead(text)
      continue
    }
    if (type !== 'file' || !safeName.test(name) || name.includes('..') || sums.has(name)) throw new BadBackup(`it has an entry that no backup has: ${JSON.stringify(name.slice(0, 80))}`)
    const target = path.join(into, name)
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
    const hash = createHash('sha256')
    await pipeline(entry, new Transform({ transform(chunk: Buffer, _, done) { hash.update(chunk); done(null, chunk) } }), createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }))
    sums.set(name, hash.digest('hex'))
  }
  if (head === undefined || told === undefined) throw new BadBackup('it is not whole: its end is missing')
  const found = [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join('')
  if (found !== told) throw new BadBackup('it is damaged: its files are not those of its table')
  const folder = await open(into, 'r')
  await folder.sync()
  await folder.close()
  return head
}

async function textOf(entry: AsyncIterable<unknown>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of entry) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function readHead(text: string): BackupHead {
  try {
    return BackupHead.parse(JSON.parse(text))
  } catch (error) {
    throw new BadBackup('it is a backup of a kind that this version does not know', { cause: error })
  }
}
