import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Image } from '#contract/operator-api'
import { findBuild, readFilesManifest, readImageManifest, readLayerManifest, type ImageManifest } from '#images/build/manifest'
import { osImages } from '#images/catalog/index'
import { bootFileNames, type BootFile } from '#netboot/site'
import { buildImage } from './builder-client.ts'
import { composeInitrd } from './initrd.ts'

/** What the appliance can boot and write: builds, what is known of each, and where their bytes are. */
export interface Library {
  images(): Image[]
  /** A file of the boot manifest by its exact name. */
  bootFile(name: string): BootFile | undefined
  /** Where the chunk with this digest (128 hex digits) is; undefined where no image has it. */
  chunkPath(digest: string): string | undefined
  osManifest(imageId: string): ImageManifest | undefined
  /** Folder of a finished build. */
  folder(imageId: string): string | undefined
  subscribe(listener: (image: Image) => void): () => void
  /** Asks for each build, one after the other: what discovery needs first. Asks again for what failed until all are there or `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Where the library keeps what was built, who builds for it, and what is wanted. */
export interface LibraryPlan {
  readonly dataDir: string
  readonly stateDir: string
  readonly builderSocket: string
  readonly caPem: string
  /** Which of the catalog's OS images are needed. */
  readonly osImageIds: readonly string[]
}

interface Wanted { readonly id: string; readonly title: string; readonly kind: Image['kind'] }

/** What discovery needs comes first; of the OS images, those that some role is installed from. */
const wantedBuilds = (osImageIds: readonly string[]): readonly Wanted[] => [
  { id: 'loaders', title: 'Boot loaders', kind: 'ramdisk' },
  { id: 'ramdisk', title: 'Discovery ramdisk', kind: 'ramdisk' },
  ...osImages.entries.filter((image) => osImageIds.includes(image.id)).map(({ id, title }): Wanted => ({ id, title, kind: 'os' })),
  { id: 'runtime-base', title: 'Runtime base for apps', kind: 'runtime' },
]
const retryMs = 30_000

const reasonOf = (error: unknown): string => (error instanceof Error && error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error instanceof Error ? error.message : String(error))

/** Why it could not be done, or undefined. */
function attempt(act: () => void): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

/** The library over what is on disk. What an earlier run has built is there at once. */
export function openLibrary(plan: LibraryPlan): Library {
  const wanted = wantedBuilds(plan.osImageIds)
  const views = new Map<string, Image>(wanted.map((one) => [one.id, { ...one, state: 'missing', step: '', percent: null, sizeBytes: null, hash: null, builtAt: null, error: null }]))
  const folders = new Map<string, string>()
  const files = new Map<string, BootFile>()
  const manifests = new Map<string, ImageManifest>()
  const chunks = new Map<string, string>()
  const listeners = new Set<(image: Image) => void>()

  function show(id: string, change: Partial<Image>): void {
    const before = views.get(id)
    if (before === undefined) return
    const after = { ...before, ...change }
    views.set(id, after)
    for (const listener of listeners) listener(after)
  }

  /** Takes a finished build into use. */
  function load(id: string, kind: Image['kind'], folder: string): void {
    if (kind === 'os') {
      const manifest = readImageManifest(folder)
      folders.set(id, folder)
      const home = existsSync(path.join(folder, 'chunks')) ? path.join(folder, 'chunks') : path.join(plan.dataDir, 'chunks')
      for (const chunk of [...manifest.root, ...manifest.esp, ...manifest.bios]) chunks.set(chunk.digest, path.join(home, chunk.digest))
      manifests.set(id, manifest)
      return show(id, { state: 'ready', step: '', percent: 100, sizeBytes: manifest.sizes.downloadBytes, hash: manifest.hash, builtAt: manifest.builtAt, error: null })
    }
    if (kind === 'runtime') {
      const layer = readLayerManifest(folder)
      folders.set(id, folder)
      return show(id, { state: 'ready', step: '', percent: 100, sizeBytes: layer.sizeBytes, hash: layer.hash, builtAt: layer.builtAt, error: null })
    }
    const manifest = readFilesManifest(folder)
    folders.set(id, folder)
    for (const file of manifest.files) {
      const place = { name: file.name, path: path.join(folder, file.path), sizeBytes: file.sizeBytes, sha256: file.sha256 }
      const isInitrd = file.name.startsWith('initrd')
      files.set(isInitrd ? bootFileNames.initrd : file.name, isInitrd ? composeInitrd(place.path, plan.caPem, path.join(plan.stateDir, 'boot'), bootFileNames.initrd) : place)
    }
    show(id, { state: 'ready', step: '', percent: 100, sizeBytes: manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0), hash: manifest.hash, builtAt: manifest.builtAt, error: null })
  }

  /** Asks for one build. Resolves with whether it is there now. */
  async function build(one: Wanted, signal: AbortSignal): Promise<boolean> {
    try {
      show(one.id, { state: 'building', step: 'asking', percent: null, error: null })
      const told = await buildImage(plan.builderSocket, one.id, ({ step, percent }) => show(one.id, { state: 'building', step, percent }), signal)
      const folder = told ?? findBuild(plan.dataDir, one.id)
      if (folder === undefined) throw new Error('the builder says it is done, but there is no build')
      load(one.id, one.kind, folder)
      return true
    } catch (error) {
      if (signal.aborted) return false
      const reason = reasonOf(error)
      // A build that worked before goes on serving; the next try is soon.
      show(one.id, folders.has(one.id) ? { state: 'ready', step: `the last build; a newer one failed: ${reason}` } : { state: 'failed', error: reason })
      return false
    }
  }

  for (const one of wanted) {
    const folder = findBuild(plan.dataDir, one.id)
    if (folder === undefined) continue
    // A folder whose files are gone must not keep the appliance from starting: the builder is asked anyway, and its answer counts.
    const problem = attempt(() => load(one.id, one.kind, folder))
    // It serves at once, but whether it is the one that today's recipe makes is the builder's to say.
    show(one.id, problem === undefined ? { state: 'building', step: 'checking' } : { state: 'missing', step: `an earlier build cannot be used: ${problem}` })
  }
  return {
    images: () => [...views.values()],
    bootFile: (name) => files.get(name),
    chunkPath: (digest) => chunks.get(digest),
    osManifest: (imageId) => manifests.get(imageId),
    folder: (imageId) => folders.get(imageId),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async run(signal) {
      let missing = wanted
      while (missing.length > 0 && !signal.aborted) {
        const failed: Wanted[] = []
        // One that fails holds up none of the others.
        for (const one of missing) if (!(await build(one, signal))) failed.push(one)
        missing = failed
        if (missing.length > 0) await wait(retryMs, undefined, { signal }).catch(() => undefined)
      }
    },
  }
}
