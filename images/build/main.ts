import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { builds } from '../catalog/builds.ts'
import { osImages } from '../catalog/index.ts'
import { digestFile, recipeHash } from './assets.ts'
import { clearKilledBuilds, workFolder } from './killed-builds.ts'
import { buildLoaders, loadersRecipe } from './loaders.ts'
import { listBuilds, manifestNames, type FilesManifest } from './manifest.ts'
import { buildOsImage, osRecipeVersion } from './os-image.ts'
import type { Tell } from './progress.ts'
import { buildRamdisk, ramdiskRecipe } from './ramdisk.ts'
import { buildRuntimeBase, runtimeRecipe } from './runtime-base.ts'

interface Build { readonly hash: string; readonly run: (dirs: { outDir: string; workDir: string }) => Promise<void> }

/** `node image-build.mjs --data DIR IMAGE`, or `leftovers` to clear what killed builds left: progress as JSON lines `{step,percent,detail}`, at the end `{done:true,dir,hash}`. Exit 1 with a sentence on standard error. */
async function main(args: readonly string[]): Promise<void> {
  const [flag, data, id] = args
  if (flag !== '--data' || data === undefined || id === undefined) throw new Error(`use: image-build --data DIR ${builds.join('|')}`)
  const dataDir = path.resolve(data)
  const tell: Tell = (progress) => process.stdout.write(`${JSON.stringify(progress)}\n`)
  const images = path.join(dataDir, 'images')
  if (id === 'leftovers') {
    for (const name of await clearKilledBuilds(images)) tell({ step: `cleared ${name}, which a killed build had left`, percent: null, detail: '' })
    return
  }
  const build = planBuild(id, dataDir, tell)
  const dir = path.join(images, `${id}-${build.hash}`)
  if (!existsSync(dir)) {
    mkdirSync(images, { recursive: true })
    await clearKilledBuilds(images)
    const temporary = workFolder(images, id, process.pid)
    const outDir = path.join(temporary, 'out')
    const workDir = path.join(temporary, 'work')
    mkdirSync(outDir, { recursive: true })
    mkdirSync(workDir)
    await build.run({ outDir, workDir })
    renameSync(outDir, dir)
    rmSync(temporary, { recursive: true, force: true })
  }
  // The newest folder is the one in use, also after a return to an earlier recipe; one more stays for a deploy that is under way.
  utimesSync(dir, new Date(), new Date())
  for (const old of listBuilds(dataDir, id).slice(2)) rmSync(old, { recursive: true, force: true })
  process.stdout.write(`${JSON.stringify({ step: 'ready', percent: 100, done: true, dir, hash: build.hash })}\n`)
}

function planBuild(id: string, dataDir: string, tell: Tell): Build {
  if (id === 'ramdisk') {
    const hash = recipeHash(ramdiskRecipe, ['ramdisk/init', 'ramdisk/lib'])
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
  const hash = recipeHash({ image, version: osRecipeVersion }, ['build/os'])
  return { hash, run: (dirs) => buildOsImage({ ...dirs, dataDir, hash, image }, tell) }
}

function writeFiles(dir: string, id: string, hash: string): void {
  const files = readdirSync(dir).sort().map((name) => ({ name, path: name, ...digestFile(path.join(dir, name)) }))
  const manifest: FilesManifest = { id, hash, builtAt: new Date().toISOString(), files }
  writeFileSync(path.join(dir, manifestNames.files), JSON.stringify(manifest, null, 1))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${cause}\n`)
  process.exitCode = 1
}
