import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { talkingDisk } from './card-rig.ts'

const mib = 1024 * 1024

/** A disk with a Debian of its own, which says `words` whichever way it is started. Resolves to its file in `folder`. */
export function makeOlderDisk(folder: string, words: string): string {
  const esp = makeEsp(folder, 'older', words)
  return makeDisk(folder, 'older', words, 'label: gpt\nstart=1MiB, size=40MiB, type=U\n', [[1, esp]])
}

/** A disk as images/ramdisk/lib/partition.sh lays it, with this root UUID, which says `words` whichever way it is started. */
export function makeOurDisk(folder: string, rootUuid: string, words: string): string {
  const esp = makeEsp(folder, 'ours', words)
  const [tree, root] = [path.join(folder, 'ours-tree'), path.join(folder, 'ours-root')]
  mkdirSync(path.join(tree, 'boot/grub'), { recursive: true })
  writeFileSync(path.join(tree, 'boot/grub/grub.cfg'), talk(words))
  sparse(root, 32)
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-U', rootUuid, '-d', tree, root])
  return makeDisk(folder, 'ours', words, 'label: gpt\nstart=1MiB, size=1MiB, type=21686148-6449-6E6F-744E-656564454649\nstart=2MiB, size=128MiB, type=U\nstart=130MiB, size=32MiB\nsize=16MiB\n', [[2, esp], [130, root]])
}

const talk = (words: string): string => `echo ${words}\nsleep 3600\n`

function sparse(file: string, sizeMib: number): void {
  writeFileSync(file, '')
  truncateSync(file, sizeMib * mib)
}

/** With a loader where firmware looks, and the configuration by which Debian's GRUB finds its own. */
function makeEsp(folder: string, name: string, words: string): string {
  const [esp, config, loader] = [path.join(folder, `${name}-esp`), path.join(folder, `${name}.cfg`), path.join(folder, `${name}.efi`)]
  writeFileSync(config, talk(words))
  execFileSync('grub-mkimage', ['-O', 'x86_64-efi', '-o', loader, '-p', '/nowhere', '-c', config, 'echo', 'sleep'])
  sparse(esp, 40)
  execFileSync('mkfs.vfat', ['-F', '32', '-s', '1', esp], { stdio: 'ignore' })
  execFileSync('mmd', ['-i', esp, '::/EFI', '::/EFI/BOOT', '::/EFI/debian'])
  execFileSync('mcopy', ['-i', esp, loader, '::/EFI/BOOT/BOOTX64.EFI'])
  execFileSync('mcopy', ['-i', esp, config, '::/EFI/debian/grub.cfg'])
  return esp
}

function makeDisk(folder: string, name: string, words: string, layout: string, parts: readonly (readonly [startMib: number, file: string])[]): string {
  const disk = path.join(folder, `${name}.raw`)
  sparse(disk, 256)
  execFileSync('sfdisk', ['-q', disk], { input: layout })
  const fd = openSync(disk, 'r+')
  // Only the code: the partition table of a boot sector begins at byte 446.
  writeSync(fd, talkingDisk(words), 0, 440, 0)
  for (const [startMib, file] of parts) { const bytes = readFileSync(file); writeSync(fd, bytes, 0, bytes.length, startMib * mib) }
  closeSync(fd)
  return disk
}
