import { fault, ok, type Result } from '#contract/result'
import type { BootFile } from '../site.ts'

/** Why a file is not served. */
export type FileFault = { kind: 'name-malformed' } | { kind: 'not-found'; name: string }

/**
 * The file that a TFTP or HTTP client names. Names are keys of the manifest: nothing is ever joined to a directory, so there is nothing
 * to climb out of. Leading and repeated slashes are dropped, as GRUB and shim write them (uefi-secboot-httpboot-shim.pcap).
 */
export function chooseFile(name: string, find: (name: string) => BootFile | undefined): Result<BootFile, FileFault> {
  if (name.length > 255 || !/^[\u0021-\u007e]+$/.test(name)) return fault({ kind: 'name-malformed' })
  const key = name.replaceAll('\\', '/').split('/').filter((part) => part !== '').join('/')
  const file = find(key)
  return file ? ok(file) : fault({ kind: 'not-found', name: key.slice(0, 128) })
}
