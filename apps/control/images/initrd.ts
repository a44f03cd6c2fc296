import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildCaCpio } from '#images/ramdisk/cpio'
import type { BootFile } from '#netboot/site'

/**
 * The initrd as machines load it: the appliance's CA, uncompressed, before the ramdisk, whose own build is the same everywhere.
 * The kernel unpacks archives one after the other; an uncompressed one must come first.
 *
 * @see Linux Documentation/driver-api/early-userspace/buffer-format.rst
 */
export function composeInitrd(ramdisk: string, caPem: string, folder: string, name: string): BootFile {
  const bytes = Buffer.concat([buildCaCpio(caPem), readFileSync(ramdisk)])
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const file = path.join(folder, `${name}-${sha256.slice(0, 16)}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!existsSync(file)) {
    for (const old of readdirSync(folder)) if (old.startsWith(`${name}-`)) rmSync(path.join(folder, old))
    writeFileSync(`${file}.new`, bytes, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return { name, path: file, sizeBytes: bytes.length, sha256 }
}
