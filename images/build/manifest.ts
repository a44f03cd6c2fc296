import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** A piece of an image: the BLAKE2b-512 `digest` and `compressedBytes` of the zstd file `chunks/DIGEST`; where its content goes, in bytes. */
export const Chunk = z.object({ digest: z.string().regex(/^[0-9a-f]{128}$/), compressedBytes: z.number().int(), offsetBytes: z.number().int().nonnegative(), lengthBytes: z.number().int().positive() })
export type Chunk = z.infer<typeof Chunk>

/** An OS image: what is not listed is free in the file system. `bios` is a boot sector and then the boot code of the first partition. */
export const ImageManifest = z.object({
  id: z.string(), title: z.string(), hash: z.string(), suite: z.string(), kernel: z.string(), builtAt: z.string(),
  root: z.array(Chunk), esp: z.array(Chunk), bios: z.array(Chunk),
  sizes: z.object({ rootBytes: z.number(), espBytes: z.number(), writtenBytes: z.number(), downloadBytes: z.number() }),
})
export type ImageManifest = z.infer<typeof ImageManifest>

/** The files of the ramdisk or the loaders: `name` is what is asked for over HTTP or TFTP, `path` is relative to the image's folder. */
export const FilesManifest = z.object({
  id: z.string(), hash: z.string(), builtAt: z.string(),
  files: z.array(z.object({ name: z.string(), path: z.string(), sizeBytes: z.number().int(), sha256 })),
})
export type FilesManifest = z.infer<typeof FilesManifest>

/** The layer under every app: a gzip'd tar, digests as OCI wants them (`sha256:` added by the reader). */
export const LayerManifest = z.object({
  id: z.string(), hash: z.string(), builtAt: z.string(), path: z.string(), mediaType: z.literal('application/vnd.oci.image.layer.v1.tar+gzip'),
  sha256: sha256.describe('Of the compressed file: the blob digest'), diffId: sha256.describe('Of the tar inside'), sizeBytes: z.number().int(), uncompressedBytes: z.number().int(),
})
export type LayerManifest = z.infer<typeof LayerManifest>

/** What can be built. `debian-*` are the catalog's ids. */
export const manifestNames = { os: 'manifest.json', files: 'files.json', layer: 'layer.json' } as const

/**
 * The folders of the builds of `id` below `dataDir`, newest first: `images/ID-HASH`, with 16 hex digits of hash, is the name of one that
 * came to its end. Those of other versions of the appliance are among them.
 */
export function listBuilds(dataDir: string, id: string): string[] {
  const images = path.join(dataDir, 'images')
  if (!existsSync(images)) return []
  const made = readdirSync(images).filter((name) => name.startsWith(`${id}-`) && /^[0-9a-f]{16}$/.test(name.slice(id.length + 1))).map((name) => path.join(images, name))
  return made.map((dir) => ({ dir, at: statSync(dir).mtimeMs })).sort((a, b) => b.at - a.at).map(({ dir }) => dir)
}

const manifestSchemas = { [manifestNames.os]: ImageManifest, [manifestNames.files]: FilesManifest, [manifestNames.layer]: LayerManifest }

/** Whether a build's manifest is one as it is written today: another version may write another, and a power cut may leave none. */
export function isReadableBuild(dir: string): boolean {
  const [name, schema] = Object.entries(manifestSchemas).find(([file]) => existsSync(path.join(dir, file))) ?? []
  if (name === undefined) return false
  try {
    return schema?.safeParse(JSON.parse(readFileSync(path.join(dir, name), 'utf8'))).success ?? false
  } catch {
    return false // no JSON, or not to be read
  }
}

/** The folder of the newest build of `id` that this version can read, or undefined where none is. */
export const findBuild = (dataDir: string, id: string): string | undefined => listBuilds(dataDir, id).find(isReadableBuild)

/** Reads `manifest.json` of an OS image's folder. Throws where it is missing or not one. */
export const readImageManifest = (dir: string): ImageManifest => ImageManifest.parse(JSON.parse(readFileSync(path.join(dir, manifestNames.os), 'utf8')))

/** Reads `files.json` of the ramdisk's or the loaders' folder. Throws where it is missing or not one. */
export const readFilesManifest = (dir: string): FilesManifest => FilesManifest.parse(JSON.parse(readFileSync(path.join(dir, manifestNames.files), 'utf8')))

/** Reads `layer.json` of the runtime base's folder. Throws where it is missing or not one. */
export const readLayerManifest = (dir: string): LayerManifest => LayerManifest.parse(JSON.parse(readFileSync(path.join(dir, manifestNames.layer), 'utf8')))

/** The chunk list as the ramdisk asks for it: `digest compressedBytes offsetBytes lengthBytes target` a line. */
export function renderChunkList(manifest: ImageManifest): string {
  const lines = (['root', 'esp', 'bios'] as const).flatMap((target) => manifest[target].map((c) => `${c.digest} ${c.compressedBytes} ${c.offsetBytes} ${c.lengthBytes} ${target}\n`))
  return lines.join('')
}
