import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'

/** Bytes. */
export const mebibyte = 1 << 20

/** A folder with files of noise of these sizes, in bytes; kept between runs. */
export function prepare(place: string, name: string, files: Readonly<Record<string, number>>): string {
  const folder = path.join(place, name)
  mkdirSync(folder, { recursive: true })
  const noise = Buffer.alloc(mebibyte)
  for (const [file, sizeBytes] of Object.entries(files)) {
    const target = path.join(folder, file)
    if (existsSync(target) && statSync(target).size === sizeBytes) continue
    const draft = openSync(`${target}.new`, 'w', 0o644)
    for (let written = 0; written < sizeBytes; written += noise.length) writeSync(draft, randomFillSync(noise), 0, Math.min(noise.length, sizeBytes - written))
    closeSync(draft)
    renameSync(`${target}.new`, target)
  }
  return folder
}
