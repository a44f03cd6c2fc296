import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findBuild, readImageManifest } from '#images/build/manifest'
import type { CpioEntry } from '#images/ramdisk/cpio'
import { clearLabNetwork, inside, labNames, labStanding, makeLabNetwork } from '#supervisor/lab/network'
import { diskFields, RamdiskWorld } from '../../lab/ramdisk-world.ts'

/**
 * Writing an image against unpacking a tar of the same system, in one guest on a lab's network, in turn: `tsx image-writes.ts --data DIR [--rounds 3]`
 * with a ramdisk and a debian-13 built below DIR. The tar comes three times: by GNU tar, verified on its way as the image's chunks are, which is the
 * same promise, and on trust; and on trust by busybox's tar, which is what a ramdisk has. Prints a line of JSON for each write, `ImageWrite`.
 * Needs root (it mounts the image to make the tar).
 */
export interface ImageWrite {
  readonly round: number
  readonly by: (typeof ways)[number][0]
  readonly seconds: number
  /** What the guest took of its host, which other work there does not stretch. */
  readonly cpuSeconds: number
  /** The system's bytes on the disk, as the image counts them. */
  readonly bytes: number
}
const ways = [['ours', 'writeImage'], ['GNU tar, verified', 'unpackVerifiedTar'], ['GNU tar', 'unpackTar'], ["busybox's tar", 'unpackRamdiskTar']] as const
/** Set for the program inside the namespace: the process that made it. */
const outerPid = 'SYSTEM_CLOUD_WRITE_BENCH'
const { values } = parseArgs({ options: { data: { type: 'string', default: '/var/lib/system-cloud' }, rounds: { type: 'string', default: '3' } } })
const names = labNames(`write-${process.env[outerPid] ?? process.pid}`)
const [ramdisk, image] = [findBuild(values.data, 'ramdisk'), findBuild(values.data, 'debian-13')]
if (ramdisk === undefined || image === undefined) throw new Error(`build the ramdisk and debian-13 below ${values.data} first`)
if (process.env[outerPid] === undefined) {
  await measureInLab()
  process.exit()
}
const world = await RamdiskWorld.open(ramdisk, { namespace: names.wire, tap: 'tap0', address: labStanding.address })
world.image = image

/** The system of the image as a tar, and its BLAKE2b-512. Returns the programs that unpack it, the system's own, as files below `bench/` of a ramdisk. */
function makeTar(from: string): CpioEntry[] {
  const manifest = readImageManifest(from)
  const [raw, mount] = [path.join(world.folder, 'root.ext4'), path.join(world.folder, 'mount')]
  writeFileSync(raw, '')
  truncateSync(raw, manifest.sizes.rootBytes)
  const fd = openSync(raw, 'r+')
  for (const chunk of manifest.root) writeSync(fd, execFileSync('zstd', ['-dcq', path.join(from, 'chunks', chunk.digest)], { maxBuffer: 2 ** 30 }), 0, undefined, chunk.offsetBytes)
  closeSync(fd)
  mkdirSync(mount)
  execFileSync('mount', ['-o', 'loop,ro', raw, mount])
  try {
    execFileSync('tar', ['--create', '--directory', mount, '--numeric-owner', '--one-file-system', '--use-compress-program', 'zstd -6 -T2', '--file', path.join(world.folder, 'system.tar.zst'), '.'])
    writeFileSync(path.join(world.folder, 'system.sum'), execFileSync('b2sum', [path.join(world.folder, 'system.tar.zst')]).toString().slice(0, 128))
    return readPrograms(mount, ['zstd', 'b2sum', 'tar'])
  } finally {
    execFileSync('umount', [mount])
  }
}

/** Programs of the system in `root` with their loader and libraries, side by side. */
function readPrograms(root: string, programs: readonly string[]): CpioEntry[] {
  const loader = '/lib64/ld-linux-x86-64.so.2'
  const files = new Set([loader, ...programs.map((name) => `/usr/bin/${name}`)])
  for (const name of programs) for (const [, library] of execFileSync('chroot', [root, loader, '--list', `/usr/bin/${name}`]).toString().matchAll(/=> (\/\S+) \(/g)) files.add(library as string)
  const read = (file: string): CpioEntry => ({ path: `bench/${path.basename(file)}`, kind: 'file', mode: 0o755, content: execFileSync('chroot', [root, '/usr/bin/cat', file], { maxBuffer: 2 ** 26 }) })
  return [{ path: 'bench', kind: 'folder', mode: 0o755 }, ...Array.from(files, read)]
}

/** The ramdisk's own scripts with three orders more: what an installer without images does. */
const orders = readFileSync(path.join(import.meta.dirname, '../../../images/ramdisk/lib/orders.sh'), 'utf8').replace('partitionDisk | writeImage', 'unpackTar | unpackRamdiskTar | unpackVerifiedTar | partitionDisk | writeImage')
const unpack = `
bench() { program=$1; shift; /bench/ld-linux-x86-64.so.2 --library-path /bench /bench/$program "$@"; }
gnu_tar() { bench tar --numeric-owner "$@"; }
unpack() {
  find_ordered_disk || return 1
  root=$(part "$disk" 3)
  mkdir -p /mnt/root
  run mkfs.ext4 -q -F -J size=32 "$root" && run mount -t ext4 "$root" /mnt/root || return 1
  bench zstd -dcq | $1 -x -p -C /mnt/root || { why='tar failed'; return 1; }
  sync
  run umount /mnt/root
}
order_unpackTar() { curl -sS --fail "$url/system.tar.zst" | unpack gnu_tar || { why='tar failed'; return 1; }; }
order_unpackRamdiskTar() { curl -sS --fail "$url/system.tar.zst" | unpack tar || { why='tar failed'; return 1; }; }
order_unpackVerifiedTar() {
  mkdir -p /run/sc/tar
  grep -q ' /run/sc/tar ' /proc/mounts || mount -t tmpfs -o huge=always tar /run/sc/tar
  curl -sS --fail -o /run/sc/tar/tar "$url/system.tar.zst" && [ "$(bench b2sum < /run/sc/tar/tar | cut -c1-128)" = "$(curl -sS --fail "$url/system.sum")" ] || { why='the tar is damaged'; return 1; }
  unpack gnu_tar < /run/sc/tar/tar || return 1
  rm /run/sc/tar/tar
}
`
/** Makes a lab's network and runs this program again where the appliance would stand. */
async function measureInLab(): Promise<void> {
  await makeLabNetwork(names, 1)
  const [ip, inApp] = inside(names.app)
  const addresses = spawn(ip, [...inApp, 'dnsmasq', '--keep-in-foreground', '--port=0', '--conf-file=/dev/null', '--leasefile-ro', '--interface=eth0', '--dhcp-range=10.77.0.100,10.77.0.199'], { stdio: 'ignore' })
  try {
    const again = spawn(ip, [...inApp, process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [outerPid]: String(process.pid) } })
    process.exitCode = await new Promise<number>((resolve) => { again.once('exit', (code) => resolve(code ?? 1)) })
  } finally {
    addresses.kill()
    await clearLabNetwork(names)
  }
}

try {
  const programs = makeTar(image)
  const disk = { file: world.blank('disk'), bus: 'virtio', serial: 'BENCH-1' } as const
  const inventory = await world.bootRamdisk([disk], { more: [...programs, { path: 'lib/system-cloud/orders.sh', kind: 'file', mode: 0o755, content: Buffer.from(orders + unpack) }] })
  const fields = { ...diskFields(inventory, disk.serial), image: 'debian-13', rootUuid: '5c10ad00-0000-4000-8000-000000000001' }
  const follow = async (...order: Parameters<RamdiskWorld['order']>): Promise<{ seconds: number; cpuSeconds: number }> => {
    const [began, cpu] = [performance.now(), world.cpuSeconds()]
    const end = await world.order(...order)
    if (end.status !== 'done') throw new Error(`${end.detail}\n${world.log.slice(-30).join('\n')}`)
    return { seconds: (performance.now() - began) / 1000, cpuSeconds: world.cpuSeconds() - cpu }
  }
  await follow('partitionDisk', { ...fields, keepData: 0 })
  const bytes = readImageManifest(image).sizes.writtenBytes
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [by, order] of ways) console.log(JSON.stringify({ round, by, ...(await follow(order, fields, 900)), bytes } satisfies ImageWrite))
  }
} finally {
  await world.close()
}
