import path from 'node:path'
import { build } from 'esbuild'

const root = path.join(import.meta.dirname, '..')

// CommonJS dependencies inside an ESM bundle call require(): give them one.
const banner = { js: "import{createRequire as __cr}from'node:module';import{fileURLToPath as __fu}from'node:url';import{dirname as __dn}from'node:path';const require=__cr(import.meta.url);const __filename=__fu(import.meta.url);const __dirname=__dn(__filename);" }

/** What makes up a control process: its program and the threads that it starts from beside itself. */
export const controlPrograms = { control: 'apps/control/main.ts', 'hot-writer': 'apps/control/store/hot-writer.ts', 'registry-thread': 'apps/control/store/registry-thread.ts', 'backup-thread': 'apps/control/store/backup-thread.ts', 'tftp-mover': 'netboot/serve/tftp/tftp-mover.ts', 'file-mover': 'netboot/serve/http/file-mover.ts' }

/** Bundles programs, named as the files in `outdir` shall be, each to one `.mjs` file. Native modules stay in node_modules. */
export async function bundle(entryPoints: Readonly<Record<string, string>>, outdir: string): Promise<void> {
  await build({ absWorkingDir: root, bundle: true, platform: 'node', format: 'esm', target: 'node20', sourcemap: true, logLevel: 'warning', banner, entryPoints: { ...entryPoints }, outExtension: { '.js': '.mjs' }, outdir, external: ['better-sqlite3', 'koffi'] })
}
