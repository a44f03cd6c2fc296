import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { encodeCpio, type CpioEntry } from '../ramdisk/cpio.ts'
import { assetsDir } from './assets.ts'
import { command } from './command.ts'
import { makeRoot } from './mmdebstrap.ts'
import { chooseModules, parseModulesDep, ramdiskModules } from './modules.ts'
import type { Tell } from './progress.ts'
import { compileWriter, writerRecipe } from './writer.ts'

/** What decides the ramdisk's bytes; a change makes a new hash. */
export const ramdiskRecipe = {
  version: 6, suite: 'trixie', modules: ramdiskModules, writer: writerRecipe,
  packages: ['linux-image-amd64', 'busybox-static', 'curl', 'coreutils', 'fdisk', 'util-linux', 'e2fsprogs', 'dosfstools', 'efibootmgr', 'tcpdump', 'kmod', 'shim-signed', 'grub-efi-amd64-signed'],
  tools: [
    '/usr/bin/curl', '/usr/bin/dd', '/usr/sbin/sfdisk', '/usr/sbin/wipefs', '/usr/sbin/blkid', '/usr/sbin/blkdiscard', '/usr/sbin/blockdev',
    '/usr/sbin/mke2fs', '/usr/sbin/resize2fs', '/usr/sbin/tune2fs', '/usr/sbin/e2fsck', '/usr/sbin/mkfs.fat', '/usr/bin/efibootmgr', '/usr/bin/tcpdump', '/usr/bin/kmod',
  ],
} as const

const loader = '/lib64/ld-linux-x86-64.so.2'

/** Builds `vmlinuz` and `initrd.img` in `outDir`. Rejects where a tool, a module's file or the kernel is missing. */
export async function buildRamdisk(plan: { outDir: string; workDir: string; dataDir: string; hash: string }, tell: Tell): Promise<void> {
  const root = path.join(plan.workDir, 'root')
  await makeRoot({
    suite: ramdiskRecipe.suite, variant: 'extract', packages: ramdiskRecipe.packages, dir: root, dataDir: plan.dataDir, hooks: [], env: {}, from: 0, to: 70,
    excluded: ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*'],
  }, tell)
  tell({ step: 'composing the ramdisk', percent: 72, detail: '' })
  const tree = path.join(plan.workDir, 'tree')
  for (const folder of ['etc', 'bin', 'sbin', 'dev', 'proc', 'sys', 'run', 'tmp', 'mnt', 'usr/bin', 'usr/sbin', 'lib/system-cloud', 'lib64', 'etc/system-cloud']) mkdirSync(path.join(tree, folder), { recursive: true })
  await layTools(root, tree)
  await compileWriter(path.join(tree, 'usr/bin/write-chunks'))
  const kernel = await layModules(root, tree)
  layScripts(tree, plan.hash)
  cpSync(path.join(root, 'boot', `vmlinuz-${kernel}`), path.join(plan.outDir, 'vmlinuz'), { dereference: true })
  layLoaders(root, plan.outDir)
  tell({ step: 'packing the ramdisk', percent: 85, detail: '' })
  const archive = path.join(plan.workDir, 'initrd.cpio')
  writeFileSync(archive, encodeCpio(readTree(tree)))
  await command('zstd', ['-q', '-f', '-15', '-T2', archive, '-o', path.join(plan.outDir, 'initrd.img')])
  rmSync(root, { recursive: true, force: true })
}

/** Tools with the libraries they load, and busybox under every name that no real tool has. */
async function layTools(root: string, tree: string): Promise<void> {
  const copy = (file: string): void => {
    const to = path.join(tree, file)
    if (existsSync(to)) return
    mkdirSync(path.dirname(to), { recursive: true })
    cpSync(realInside(root, file), to, { dereference: true })
    chmodSync(to, 0o755)
  }
  // Unpacked without base-files, which brings these links.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) if (!existsSync(path.join(root, name))) symlinkSync(`usr/${name}`, path.join(root, name))
  copy(loader)
  for (const tool of ramdiskRecipe.tools) {
    copy(tool)
    const list = await command('chroot', [root, loader, '--list', tool])
    for (const [, library] of list.matchAll(/=> (\/\S+) \(/g)) copy(library as string)
  }
  writeLink(tree, 'usr/sbin/mkfs.ext4', 'mke2fs')
  writeLink(tree, 'usr/sbin/modprobe', '../bin/kmod')
  writeLink(tree, 'usr/sbin/mkfs.vfat', 'mkfs.fat')
  cpSync(realInside(root, '/etc/mke2fs.conf'), path.join(tree, 'etc/mke2fs.conf'))
  cpSync(realInside(root, '/usr/bin/busybox'), path.join(tree, 'bin/busybox'), { dereference: true })
  chmodSync(path.join(tree, 'bin/busybox'), 0o755)
  const real = new Set([...readdirSync(path.join(tree, 'usr/bin')), ...readdirSync(path.join(tree, 'usr/sbin'))])
  for (const applet of (await command('chroot', [root, '/usr/bin/busybox', '--list'])).split('\n')) {
    if (applet !== '' && applet !== 'busybox' && applet !== 'init' && !real.has(applet)) writeLink(tree, `bin/${applet}`, 'busybox')
  }
  // The kernel asks for drivers by this path.
  writeLink(tree, 'sbin/modprobe', '/usr/bin/kmod')
}

/** The chosen modules, unpacked (the ramdisk is compressed as a whole), and indexes that name only them. Returns the kernel's release. */
async function layModules(root: string, tree: string): Promise<string> {
  const kernel = readdirSync(path.join(root, 'usr/lib/modules'))[0]
  if (kernel === undefined) throw new Error('no kernel was unpacked')
  const from = path.join(root, 'usr/lib/modules', kernel)
  const to = path.join(tree, 'lib/modules', kernel)
  await command('depmod', ['-b', root, kernel])
  const chosen = chooseModules(parseModulesDep(readFileSync(path.join(from, 'modules.dep'), 'utf8')), ramdiskModules)
  for (const module of chosen) {
    mkdirSync(path.dirname(path.join(to, module)), { recursive: true })
    cpSync(path.join(from, module), path.join(to, module))
  }
  const packed = chosen.filter((module) => module.endsWith('.xz')).map((module) => path.join(to, module))
  if (packed.length > 0) await command('xz', ['-d', '-q', ...packed])
  for (const index of ['modules.builtin', 'modules.order']) cpSync(path.join(from, index), path.join(to, index))
  await command('depmod', ['-b', tree, kernel])
  for (const index of ['modules.order', 'modules.devname', 'modules.alias', 'modules.symbols']) rmSync(path.join(to, index), { force: true })
  return kernel
}

/** The loaders that Secure Boot lets start, of the kernel's own suite: shim loads the second under this name from where it came itself. */
function layLoaders(root: string, outDir: string): void {
  cpSync(path.join(root, 'usr/lib/shim/shimx64.efi.signed'), path.join(outDir, 'shimx64.efi'))
  cpSync(path.join(root, 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'), path.join(outDir, 'grubx64.efi'))
}

function layScripts(tree: string, hash: string): void {
  const from = path.join(assetsDir(), 'ramdisk')
  cpSync(path.join(from, 'init'), path.join(tree, 'init'))
  chmodSync(path.join(tree, 'init'), 0o755)
  for (const name of readdirSync(path.join(from, 'lib'))) {
    cpSync(path.join(from, 'lib', name), path.join(tree, 'lib/system-cloud', name))
    chmodSync(path.join(tree, 'lib/system-cloud', name), 0o755)
  }
  writeFileSync(path.join(tree, 'etc/system-cloud-ramdisk'), `${hash}\n`)
  writeFileSync(path.join(tree, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n')
  writeFileSync(path.join(tree, 'etc/group'), 'root:x:0:\n')
}

function readTree(tree: string, below = ''): CpioEntry[] {
  return readdirSync(path.join(tree, below)).sort().flatMap((name): CpioEntry[] => {
    const relative = path.join(below, name)
    const file = path.join(tree, relative)
    const stat = lstatSync(file)
    if (stat.isSymbolicLink()) return [{ path: relative, kind: 'link', to: readlinkSync(file) }]
    if (stat.isDirectory()) return [{ path: relative, kind: 'folder', mode: 0o755 }, ...readTree(tree, relative)]
    return [{ path: relative, kind: 'file', mode: stat.mode & 0o777, content: readFileSync(file) }]
  })
}

function writeLink(tree: string, file: string, to: string): void {
  const link = path.join(tree, file)
  if (existsSync(link)) return
  mkdirSync(path.dirname(link), { recursive: true })
  symlinkSync(to, link)
}

/** Where a path inside `root` leads when its links, absolute ones too, are followed there. */
function realInside(root: string, file: string): string {
  let at = path.join(root, file)
  for (let hops = 0; hops < 16 && lstatSync(at).isSymbolicLink(); hops += 1) {
    const to = readlinkSync(at)
    at = path.isAbsolute(to) ? path.join(root, to) : path.resolve(realpathSync(path.dirname(at)), to)
  }
  return at
}
