import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { osImages } from '../catalog/index.ts'
import { digestFile, recipeHash } from './assets.ts'
import { packing } from './chunks.ts'
import { buildLoaders, loadersRecipe } from './loaders.ts'
import { manifestNames, type FilesManifest } from './manifest.ts'
import { buildOsImage, osRecipeVersion } from './os-image.ts'
import type { Tell } from './progress.ts'
import { buildRamdisk, ramdiskRecipe } from './ramdisk.ts'
import { buildRuntimeBase, runtimeRecipe } from './runtime-base.ts'

/** A build that could be run: `hash` names its recipe, `run` fills `outDir`. */
export interface Build { readonly hash: string; readonly run: (dirs: { outDir: string; workDir: string }) => Promise<void> }

/** How `id` (one of `builds`) is built today. Throws where nothing is called so. */
export function planBuild(id: string, dataDir: string, tell: Tell): Build {
  if (id === 'ramdisk') {
    const hash = recipeHash(ramdiskRecipe, ['ramdisk/init', 'ramdisk/lib', 'ramdisk/writer'])
    return { hash, run: async (dirs) => { await buildRamdisk({ ...dirs, dataDir, hash }, tell); writeFiles(dirs.outDir, id, hash) } }
  }
  if (id === 'loaders') {
    const hash = recipeHash(loadersRecipe, ['loaders/localboot.cfg'])
    return { hash, run: async (dirs) => { await buildLoaders(dirs, tell); writeFiles(dirs.outDir, id, hash) } }
  }
  if (id === 'runtime-base') {
    const hash = recipeHash(runtimeRecipe, ['build/os/cache-in.sh'])
    return { hash, run: (dirs) => buildRuntimeBase({ ...dirs, dataDir, hash }, tell) }
  }
  const image = osImages.find(id)
  if (!image) throw new Error(`no image is called ${id}`)
  const hash = recipeHash({ image, version: osRecipeVersion, packing }, ['build/os'])
  return { hash, run: (dirs) => buildOsImage({ ...dirs, dataDir, hash, image }, tell) }
}

/** Lists the files of a folder beside them, as the library reads it. */
export function writeFiles(dir: string, id: string, hash: string): void {
  const files = readdirSync(dir).sort().map((name) => ({ name, path: name, ...digestFile(path.join(dir, name)) }))
  const manifest: FilesManifest = { id, hash, builtAt: new Date().toISOString(), files }
  writeFileSync(path.join(dir, manifestNames.files), JSON.stringify(manifest, null, 1))
}
