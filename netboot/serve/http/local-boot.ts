import { readFile } from 'node:fs/promises'
import { rootPlaceholder } from '../../policy/boot/installed-root.ts'
import type { BootFile } from '../../site.ts'

/** Our GRUB has a few hundred KiB: what is larger is not it. */
const templateLimitBytes = 8 * 1024 * 1024

interface Template { readonly before: Buffer; readonly after: Buffer | undefined }

/**
 * Makes the copies of the GRUB for UEFI disks that know one machine's root file system: the parts of one, to be sent in order. All copies
 * share the bytes of the one file that is kept. A file without a place for the UUID is sent as it is. Rejects where it cannot be read.
 */
export function localBootCopies(): (file: BootFile, rootUuid: string) => Promise<readonly Buffer[]> {
  let kept: Promise<Template> | undefined
  let keptSha256 = ''
  return async (file, rootUuid) => {
    if (kept === undefined || keptSha256 !== file.sha256) {
      keptSha256 = file.sha256
      kept = readTemplate(file)
      // The next request reads again.
      kept.catch(() => { kept = undefined })
    }
    const { before, after } = await kept
    return after === undefined ? [before] : [before, Buffer.from(rootUuid, 'latin1'), after]
  }
}

async function readTemplate({ path, sizeBytes }: BootFile): Promise<Template> {
  if (sizeBytes > templateLimitBytes) throw new Error(`the loader for disks has ${sizeBytes} bytes: too many to keep in memory`)
  const bytes = await readFile(path)
  const at = bytes.indexOf(rootPlaceholder, 0, 'latin1')
  return at < 0 ? { before: bytes, after: undefined } : { before: bytes.subarray(0, at), after: bytes.subarray(at + rootPlaceholder.length) }
}
