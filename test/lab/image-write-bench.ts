import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findBuild, readImageManifest } from '#images/build/manifest'
import { diskFields, RamdiskWorld } from './ramdisk-world.ts'

/**
 * Writing an image against unpacking a tar of the same system, in one guest, in turn: `tsx test/lab/image-write-bench.ts --data DIR [--rounds 3]`.
 * Prints the seconds of each round and the median ratio. Needs root (it mounts the image to make the tar) and a quiet machine.
 */
const { values } = parseArgs({ options: { data: { type: 'string', default: '/var/lib/system-cloud' }, rounds: { type: 'string', default: '3' } } })
const [ramdisk, image] = [findBuild(values.data, 'ramdisk'), findBuild(values.data, 'debian-13')]
if (ramdisk === undefined || image === undefined) throw new Error(`build the ramdisk and debian-13 below ${values.data} first`)
const world = await RamdiskWorld.open(ramdisk)
world.image = image

/** The system of the image as a tar, compressed as hard as its chunks are. */
function makeTar(from: string): void {
  const manifest = readImageManifest(from)
  const [raw, mount] = [path.join(world.folder, 'root.ext4'), path.join(world.folder, 'mount')]
  writeFileSync(raw, '')
  truncateSync(raw, manifest.sizes.rootBytes)
  const fd = openSync(raw, 'r+')
  for (const chunk of manifest.root) writeSync(fd, execFileSync('zstd', ['-dcq', path.join(from, 'chunks', chunk.sha256)], { maxBuffer: 2 ** 30 }), 0, undefined, chunk.offsetBytes)
  closeSync(fd)
  mkdirSync(mount)
  execFileSync('mount', ['-o', 'loop,ro', raw, mount])
  try {
    execFileSync('tar', ['--create', '--directory', mount, '--numeric-owner', '--one-file-system', '--use-compress-program', 'zstd -6 -T2', '--file', path.join(world.folder, 'system.tar.zst'), '.'])
  } finally {
    execFileSync('umount', [mount])
  }
}

/** The ramdisk's own scripts with one order more: what an installer without images does. */
const orders = readFileSync(path.join(import.meta.dirname, '../../images/ramdisk/lib/orders.sh'), 'utf8').replace('partitionDisk | writeImage', 'unpackTar | partitionDisk | writeImage')
const unpack = `
order_unpackTar() {
  find_ordered_disk || return 1
  root=$(part "$disk" 3)
  mkdir -p /mnt/root
  run mkfs.ext4 -q -F -J size=32 "$root" && run mount -t ext4 "$root" /mnt/root || return 1
  curl -sS --fail "$url/system.tar.zst" | zstd -dcq | tar -x -p -C /mnt/root || { why='tar failed'; return 1; }
  sync
  run umount /mnt/root
}
`
const seconds = async (work: () => Promise<{ status: string; detail: string }>): Promise<number> => {
  const began = performance.now()
  const end = await work()
  if (end.status !== 'done') throw new Error(`${end.detail}\n${world.log.slice(-30).join('\n')}`)
  return (performance.now() - began) / 1000
}
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] as number

try {
  makeTar(image)
  const disk = { file: world.blank('disk'), bus: 'virtio', serial: 'BENCH-1' } as const
  const inventory = await world.bootRamdisk([disk], { more: [{ path: 'lib/system-cloud/orders.sh', kind: 'file', mode: 0o755, content: Buffer.from(orders + unpack) }] })
  const fields = { ...diskFields(inventory, disk.serial), image: 'debian-13', rootUuid: '5c10ad00-0000-4000-8000-000000000001' }
  await seconds(() => world.order('partitionDisk', { ...fields, keepData: 0 }))
  const rounds: { image: number; tar: number }[] = []
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const written = await seconds(() => world.order('writeImage', fields, 900))
    const unpacked = await seconds(() => world.order('unpackTar', fields, 900))
    rounds.push({ image: written, tar: unpacked })
    console.log(`round ${round}: image ${written.toFixed(1)} s, tar ${unpacked.toFixed(1)} s, ratio ${(unpacked / written).toFixed(2)}`)
  }
  const megabytes = readImageManifest(image).sizes.writtenBytes / 1e6
  console.log(`median of ${rounds.length}: image ${median(rounds.map((one) => one.image)).toFixed(1)} s (${(megabytes / median(rounds.map((one) => one.image))).toFixed(0)} MB/s), tar ${median(rounds.map((one) => one.tar)).toFixed(1)} s, ratio ${median(rounds.map((one) => one.tar / one.image)).toFixed(2)}`)
} finally {
  await world.close()
}
