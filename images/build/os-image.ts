import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { OsImage } from '../catalog/image.ts'
import { assetsDir } from './assets.ts'
import { composeBiosBoot } from './bios-boot.ts'
import { cutChunks } from './chunks.ts'
import { command } from './command.ts'
import { parseDumpe2fs, readFat32Free } from './free-blocks.ts'
import { manifestNames, type ImageManifest } from './manifest.ts'
import { makeRoot } from './mmdebstrap.ts'
import type { Tell } from './progress.ts'

/** Raised where this file changes what an image holds. */
export const osRecipeVersion = 3

const espMib = 128

/** Builds an OS image: chunks and `manifest.json` in `outDir`. */
export async function buildOsImage(plan: { outDir: string; workDir: string; dataDir: string; hash: string; image: OsImage }, tell: Tell): Promise<void> {
  const { image, workDir } = plan
  const root = path.join(workDir, 'root')
  const boot = path.join(workDir, 'boot')
  const assets = path.join(assetsDir(), 'build/os')
  await makeRoot({
    suite: image.suite, variant: 'minbase', packages: image.packages, excluded: image.excluded, dir: root, dataDir: plan.dataDir,
    hooks: [path.join(assets, 'customize.sh')], env: { SC_ROOTFS: path.join(assets, 'rootfs'), SC_BOOT: boot, SC_DISABLE: image.disabledUnits.join(' ') }, from: 0, to: 75,
  }, tell)
  const kernel = readdirSync(path.join(root, 'usr/lib/modules'))[0] ?? ''

  tell({ step: 'making the file system', percent: 76, detail: '' })
  const rootFile = path.join(workDir, 'root.ext4')
  await makeExt4(root, rootFile, image)
  rmSync(root, { recursive: true, force: true })
  const espFile = path.join(workDir, 'esp.vfat')
  await makeEsp(boot, espFile)
  const biosFile = path.join(workDir, 'bios.img')
  writeFileSync(biosFile, composeBiosBoot(readFileSync(path.join(boot, 'boot.img')), readFileSync(path.join(boot, 'core.img'))))

  const chunksDir = path.join(plan.outDir, 'chunks')
  mkdirSync(chunksDir)
  const rootFree = parseDumpe2fs(await command('dumpe2fs', [rootFile]))
  const rootChunks = await cutChunks({ file: rootFile, free: rootFree, chunksDir }, (share) => tell({ step: 'packing the image', percent: Math.round(80 + 18 * share), detail: '' }))
  const espChunks = await cutChunks({ file: espFile, free: readFat32Free(readFileSync(espFile)), chunksDir })
  const biosChunks = await cutChunks({ file: biosFile, free: [], chunksDir })
  const all = [...rootChunks, ...espChunks, ...biosChunks]
  const stored = new Map(all.map((chunk) => [chunk.digest, chunk.compressedBytes]))
  const manifest: ImageManifest = {
    id: image.id, title: image.title, hash: plan.hash, suite: image.suite, kernel, builtAt: new Date().toISOString(), root: rootChunks, esp: espChunks, bios: biosChunks,
    sizes: { rootBytes: image.rootMib * 1048576, espBytes: espMib * 1048576, writtenBytes: all.reduce((sum, chunk) => sum + chunk.lengthBytes, 0), downloadBytes: [...stored.values()].reduce((sum, bytes) => sum + bytes, 0) },
  }
  writeFileSync(path.join(plan.outDir, manifestNames.os), JSON.stringify(manifest))
}

/** The journal is small because all of it must be written; the reserve is small because the disk will be large. */
async function makeExt4(root: string, file: string, image: OsImage): Promise<void> {
  writeFileSync(file, '')
  truncateSync(file, image.rootMib * 1048576)
  // A group-descriptor reserve for growing to 16 TiB is made by default (resize_inode).
  await command('mke2fs', ['-q', '-F', '-t', 'ext4', '-L', 'sc-root', '-m', '1', '-J', 'size=32', ...(image.ext4Features === '' ? [] : ['-O', image.ext4Features]), '-d', root, file])
}

/** Shim and GRUB where firmware looks on a removable disk, which needs no boot entry; both signed, so Secure Boot may be on. */
async function makeEsp(boot: string, file: string): Promise<void> {
  writeFileSync(file, '')
  truncateSync(file, espMib * 1048576)
  await command('mkfs.vfat', ['-F', '32', '-s', '1', '-n', 'SC-ESP', file])
  copyFileSync(path.join(boot, 'shimx64.efi'), path.join(boot, 'BOOTX64.EFI'))
  await command('mmd', ['-i', file, '::/EFI', '::/EFI/BOOT', '::/EFI/debian'])
  await command('mcopy', ['-i', file, ...['BOOTX64.EFI', 'grubx64.efi', 'mmx64.efi'].map((name) => path.join(boot, name)), '::/EFI/BOOT/'])
}
