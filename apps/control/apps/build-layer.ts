import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { extract, pack, type Header } from 'tar-stream'
import { explainFolder, judgeEntry } from './scan-folder.ts'

/** A layer of an image: `digest` and `sizeBytes` of the gzip file, `diffId` of the tar inside. Digests read `sha256:<hex>`. */
export interface Layer { readonly file: string; readonly digest: string; readonly diffId: string; readonly sizeBytes: number }

const stable = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) }

/**
 * Makes the layer that puts an app's folder at /app. Same archive, same bytes: no times, owner root, modes 0644 or 0755.
 * The archive must have passed `scanFolder`; an entry that would not pass is thrown here too.
 */
export async function buildLayer(archive: string, target: string): Promise<Layer> {
  const tar = pack()
  const diff = createHash('sha256')
  const compressed = createHash('sha256')
  let sizeBytes = 0
  const written = pipeline(
    tar,
    watch((chunk) => diff.update(chunk)),
    createGzip({ level: 6 }),
    watch((chunk) => { compressed.update(chunk); sizeBytes += chunk.length }),
    createWriteStream(target, { mode: 0o600, flush: true }),
  )
  const read = (async () => {
    const parser = extract()
    const source = createReadStream(archive)
    source.on('error', (error) => parser.destroy(error))
    source.pipe(parser)
    await add({ name: 'app/', type: 'directory', mode: 0o755 })
    for await (const entry of parser) {
      const judged = judgeEntry(entry.header)
      if (!judged.ok) throw new Error(explainFolder(judged.fault))
      const { name, kind, target: link } = judged.value
      if (kind === 'file') {
        const out = tar.entry({ ...stable, name: `app/${name}`, type: 'file', size: entry.header.size ?? 0, mode: ((entry.header.mode ?? 0) & 0o111) === 0 ? 0o644 : 0o755 })
        await pipeline(entry, out)
        continue
      }
      if (name !== '') await add(kind === 'folder' ? { name: `app/${name}/`, type: 'directory', mode: 0o755 } : { name: `app/${name}`, type: 'symlink', linkname: link, mode: 0o777 })
      entry.resume()
    }
    tar.finalize()
  })().catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  })
  await Promise.all([written, read])
  return { file: target, digest: `sha256:${compressed.digest('hex')}`, diffId: `sha256:${diff.digest('hex')}`, sizeBytes }

  function add(header: Partial<Header> & { name: string }): Promise<void> {
    return new Promise((resolve, reject) => {
      tar.entry({ ...stable, ...header }, (error) => (error == null ? resolve() : reject(error)))
    })
  }
}

const watch = (see: (chunk: Buffer) => void): Transform => new Transform({ transform(chunk: Buffer, _, done) { see(chunk); done(null, chunk) } })
