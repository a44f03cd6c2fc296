import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { manifestNames, type ImageManifest, type LayerManifest } from '#images/build/manifest'
import { planBuild, writeFiles } from '#images/build/plan-build'
import { osImages } from '#images/catalog/index'
import { bootFileNames } from '#netboot/site'

const builtAt = '2026-01-01T00:00:00Z'
const loaders = [bootFileNames.biosLoader, bootFileNames.uefiLoader, bootFileNames.uefiHttpLoader, bootFileNames.localBootUefi]
const ramdisk = [bootFileNames.kernel, bootFileNames.initrd, bootFileNames.uefiSignedLoader]

/** Lays finished builds of everything below `dataDir`, under the names that today's recipes give: nothing is built then. No machine could run what is in them. */
export function layMadeBuilds(dataDir: string): void {
  const folder = (id: string): { dir: string; hash: string } => {
    const { hash } = planBuild(id, dataDir, () => undefined)
    const dir = path.join(dataDir, 'images', `${id}-${hash}`)
    mkdirSync(dir, { recursive: true })
    return { dir, hash }
  }
  for (const [id, names] of [['loaders', loaders], ['ramdisk', ramdisk]] as const) {
    const { dir, hash } = folder(id)
    for (const name of names) writeFileSync(path.join(dir, name), Buffer.alloc(256 * 1024, `made up ${name} `))
    writeFiles(dir, id, hash)
  }
  const layer = folder('runtime-base')
  const sha256 = createHash('sha256').update('x').digest('hex')
  const digest = createHash('blake2b512').update('x').digest('hex')
  writeFileSync(path.join(layer.dir, 'layer.tar.gz'), 'x')
  writeFileSync(path.join(layer.dir, manifestNames.layer), JSON.stringify({ id: 'runtime-base', hash: layer.hash, builtAt, path: 'layer.tar.gz', mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', sha256, diffId: sha256, sizeBytes: 1, uncompressedBytes: 1 } satisfies LayerManifest))
  for (const { id, title } of osImages.entries) {
    const { dir, hash } = folder(id)
    const chunk = { digest, compressedBytes: 1, offsetBytes: 0, lengthBytes: 1 }
    mkdirSync(path.join(dir, 'chunks'))
    writeFileSync(path.join(dir, 'chunks', digest), 'x')
    writeFileSync(path.join(dir, manifestNames.os), JSON.stringify({ id, title, hash, suite: 'trixie', kernel: '6.12', builtAt, root: [chunk], esp: [chunk], bios: [chunk], sizes: { rootBytes: 1, espBytes: 1, writtenBytes: 3, downloadBytes: 3 } } satisfies ImageManifest))
  }
}
