import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** The folder `images/` of the checkout: scripts and templates are read from it, by the sources as well as by the bundle in dist/. */
export function assetsDir(): string {
  for (let dir = import.meta.dirname; dir !== path.dirname(dir); dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'images/ramdisk/init'))) return path.join(dir, 'images')
  }
  throw new Error('images/ramdisk/init is not to be found beside this program')
}

/** 16 hex digits that name a recipe: its settings and the bytes of the files and folders (relative to images/) that go into it. */
export function recipeHash(settings: unknown, files: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  const add = (name: string): void => {
    const file = path.join(assetsDir(), name)
    if (statSync(file).isDirectory()) for (const entry of readdirSync(file).sort()) add(path.join(name, entry))
    else if (!name.endsWith('.ts')) hash.update(`${name}\0`).update(readFileSync(file))
  }
  for (const file of files) add(file)
  return hash.digest('hex').slice(0, 16)
}

/** The sha256 of a file, in hex, and its size. */
export function digestFile(file: string): { sha256: string; sizeBytes: number } {
  const bytes = readFileSync(file)
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length }
}
