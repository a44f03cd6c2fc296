import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { Bench } from './bench.ts'

/** Bytes. */
export const mebibyte = 1 << 20

/** A folder with files of noise of these sizes, in bytes; kept between runs. */
export function prepare(bench: Bench, name: string, files: Readonly<Record<string, number>>): string {
  const folder = path.join(bench.files, name)
  mkdirSync(folder, { recursive: true })
  const noise = Buffer.alloc(mebibyte)
  for (const [file, sizeBytes] of Object.entries(files)) {
    const place = path.join(folder, file)
    if (existsSync(place) && statSync(place).size === sizeBytes) continue
    const draft = openSync(`${place}.new`, 'w', 0o644)
    for (let written = 0; written < sizeBytes; written += mebibyte) writeSync(draft, randomFillSync(noise))
    closeSync(draft)
    renameSync(`${place}.new`, place)
  }
  return folder
}
