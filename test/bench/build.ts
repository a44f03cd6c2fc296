import path from 'node:path'
import { bundle, controlPrograms } from '../../scripts/bundle.ts'

/** The programs that the bench runs as processes of their own, by the name of their bundle; with control's threads, since ours starts them too. */
const programs = {
  ...controlPrograms, ours: 'test/bench/ours-process.ts', storm: 'test/sim/storm/main.ts',
  ...Object.fromEntries(['dora', 'acks', 'tftp', 'http'].map((name) => [name, `test/bench/clients/${name}.ts`])),
}

/** Bundles the bench's own programs as the product's are bundled, and returns the folder that holds them, which the caller removes. */
export async function buildPrograms(): Promise<string> {
  // Beside the product's bundles, where node_modules is found; a folder for each run, since two may run at once.
  const outdir = path.join(import.meta.dirname, `../../dist/bench/run-${process.pid}`)
  await bundle(programs, outdir)
  return outdir
}
