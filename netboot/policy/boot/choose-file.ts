import { parseMac, type Mac } from '#contract/mac'
import { fault, ok, type Result } from '#contract/result'
import type { BootFile } from '../../site.ts'
import { grubOrderPrefix } from './render-grub.ts'

/** Why a file is not served. */
export type FileFault = { kind: 'name-malformed' } | { kind: 'not-found'; name: string }

/** What a name stands for: a file of the manifest, or a script that is rendered for each request. `mac` is what the name says; null: nothing. */
export type BootItem = { kind: 'file'; file: BootFile } | { kind: 'ipxeEntry' } | { kind: 'grubEntry' } | { kind: 'grubOrder'; mac: Mac | null }

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

/**
 * The same with the names that loaders look for by themselves: iPXE `autoexec.ipxe` where it came from, the signed GRUB `grub/grub.cfg`, which
 * sends it to its orders. What else they look for (modules, revocations, certificates) is not there, and they go on without.
 */
export function chooseBootItem(name: string, find: (name: string) => BootFile | undefined): Result<BootItem, FileFault> {
  const key = fileKey(name)
  if (key === 'autoexec.ipxe' || key === 'boot.ipxe') return ok({ kind: 'ipxeEntry' })
  if (key === 'grub/grub.cfg') return ok({ kind: 'grubEntry' })
  if (key?.startsWith(grubOrderPrefix) && key.endsWith('.cfg')) return ok({ kind: 'grubOrder', mac: parseMac(key.slice(grubOrderPrefix.length, -'.cfg'.length)) ?? null })
  const file = chooseFile(name, find)
  return file.ok ? ok({ kind: 'file', file: file.value }) : file
}

/** A name as the manifest writes it; undefined for one that no client of ours sends. */
function fileKey(name: string): string | undefined {
  if (name.length > 255 || !/^[\u0021-\u007e]+$/.test(name)) return undefined
  return name.replaceAll('\\', '/').split('/').filter((part) => part !== '').join('/')
}
