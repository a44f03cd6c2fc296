import path from 'node:path'
import { build } from 'esbuild'

/** The programs that the bench runs as processes of their own, and the thread of one, by the name of their bundle. */
const programs = { ours: 'test/bench/ours-process.ts', 'hot-writer': 'apps/control/store/hot-writer.ts', dora: 'test/bench/clients/dora.ts', tftp: 'test/bench/clients/tftp.ts', http: 'test/bench/clients/http.ts', storm: 'test/sim/storm/main.ts' }

/** Bundles the bench's own programs as the product's are bundled, and returns the folder that holds them, which the caller removes. */
export async function buildPrograms(): Promise<string> {
  const root = path.join(import.meta.dirname, '../..')
  // Beside the product's bundles, where node_modules is found; a folder for each run, since two may run at once.
  const outdir = path.join(root, `dist/bench/run-${process.pid}`)
  // CommonJS dependencies inside an ESM bundle call require(): give them one.
  const banner = { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" }
  await build({ absWorkingDir: root, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning', banner, entryPoints: programs, outExtension: { '.js': '.mjs' }, outdir, external: ['better-sqlite3', 'koffi'] })
  return outdir
}
