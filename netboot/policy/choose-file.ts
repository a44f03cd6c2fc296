import { fault, ok, type Result } from '#contract/result'
import type { BootFile } from '../site.ts'
import { renderEntry } from './render-ipxe.ts'

/** Why a file is not served. */
export type FileFault = { kind: 'name-malformed' } | { kind: 'not-found'; name: string }

/**
 * The file that a TFTP or HTTP client names. Names are keys of the manifest: nothing is ever joined to a directory, so there is nothing
 * to climb out of. Leading and repeated slashes are dropped, as GRUB and shim write them (uefi-secboot-httpboot-shim.pcap).
 */
export function chooseFile(name: string, find: (name: string) => BootFile | undefined): Result<BootFile, FileFault> {
  const key = fileKey(name)
  if (key === undefined) return fault({ kind: 'name-malformed' })
  const file = find(key)
  return file ? ok(file) : fault({ kind: 'not-found', name: key.slice(0, 128) })
}

/** A file of the manifest, or one that is rendered for each request: iPXE asks for `autoexec.ipxe` where its own loader came from. */
export function chooseBootBytes(name: string, address: string, find: (name: string) => BootFile | undefined): Result<BootFile | { bytes: Uint8Array }, FileFault> {
  const key = fileKey(name)
  if (key === 'autoexec.ipxe' || key === 'boot.ipxe') return ok({ bytes: new TextEncoder().encode(renderEntry(address)) })
  return chooseFile(name, find)
}

/** A name as the manifest writes it; undefined for one that no client of ours sends. */
function fileKey(name: string): string | undefined {
  if (name.length > 255 || !/^[\u0021-\u007e]+$/.test(name)) return undefined
  return name.replaceAll('\\', '/').split('/').filter((part) => part !== '').join('/')
}
