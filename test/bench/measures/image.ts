import { spawn } from 'node:child_process'
import path from 'node:path'
import readline from 'node:readline'
import { buildImage } from '../../lab/appliance.ts'
import type { Bench } from '../bench.ts'
import type { ImageWrite } from '../clients/image-writes.ts'

/** A machine with one emulated core writes the system to its disk, as an image and from tars. Builds ramdisk and image where there are none yet. */
export async function measureImage(bench: Bench): Promise<void> {
  const data = path.join(bench.files, 'images')
  for (const id of ['ramdisk', 'debian-13'] as const) buildImage(data, id)
  const program = spawn(process.execPath, [...process.execArgv, path.join(import.meta.dirname, '../clients/image-writes.ts'), '--data', data, '--rounds', String(bench.pairs().length)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => { program.once('exit', resolve) })
  for await (const line of readline.createInterface({ input: program.stdout })) {
    const { round, by, seconds, cpuSeconds, bytes } = JSON.parse(line) as ImageWrite
    bench.add({ measure: 'image', variant: `${(bytes / 1e6).toFixed(0)} MB`, server: by, pair: round, values: { seconds, cpuSeconds, megabytesPerSecond: bytes / 1e6 / seconds } })
  }
  const code = await ended
  if (code !== 0) throw new Error(`writing images ended with ${code}`)
}
