import { copyFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import { assetsDir } from './assets.ts'
import { command } from './command.ts'
import type { Tell } from './progress.ts'

/** What decides the loaders' bytes. */
export const loadersRecipe = {
  version: 3, ipxe: ['undionly.kpxe', 'snponly.efi', 'ipxe.efi'],
  grubModules: ['part_gpt', 'part_msdos', 'fat', 'ext2', 'search', 'search_fs_file', 'search_fs_uuid', 'search_label', 'chain', 'configfile', 'normal', 'test', 'echo', 'sleep', 'regexp', 'halt', 'reboot', 'minicmd'],
} as const

/**
 * Puts Debian's iPXE and our GRUB for "boot the disk" into `outDir`.
 *
 * Quirk: GRUB reads `localboot.cfg` with its rescue parser, which knows neither conditions nor comments: where a line fails the next one is
 * tried, and a boot that succeeds does not return. First comes the disk with the machine's own root file system, whose UUID the boot server
 * puts in place of the word between the @ and whose ESP is the second partition; then, where that is not known or not found, any installed one.
 */
export async function buildLoaders(dirs: { outDir: string }, tell: Tell): Promise<void> {
  tell({ step: 'collecting the loaders', percent: 20, detail: '' })
  for (const name of loadersRecipe.ipxe) {
    const file = path.join('/usr/lib/ipxe', name)
    if (!existsSync(file)) throw new Error(`${file} is missing: install the package ipxe`)
    copyFileSync(file, path.join(dirs.outDir, name))
  }
  await command('grub-mkimage', ['-O', 'x86_64-efi', '-o', path.join(dirs.outDir, 'localboot.efi'), '-p', '/EFI/system-cloud', '-c', path.join(assetsDir(), 'loaders/localboot.cfg'), ...loadersRecipe.grubModules])
}
