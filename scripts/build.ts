import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { bundle, controlPrograms } from './bundle.ts'

const root = path.join(import.meta.dirname, '..')
const dist = path.join(root, 'dist')

/** A digest of all source files below `folders`: what was built from the same ones is not built again. */
function sourceHash(...folders: string[]): string {
  const hash = createHash('sha256')
  const visit = (file: string): void => {
    for (const entry of readdirSync(path.join(root, file), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path.join(file, entry.name)
      if (['node_modules', '.next', 'generated', 'dist', 'next-env.d.ts'].includes(entry.name)) continue
      if (entry.isDirectory()) visit(name)
      else if (!entry.name.includes('.test.')) hash.update(name).update(readFileSync(path.join(root, name)))
    }
  }
  for (const folder of folders) visit(folder)
  hash.update(readFileSync(path.join(root, 'package-lock.json')))
  return hash.digest('hex')
}

/** Runs `make` unless the sources are those of the last time. */
async function once(name: string, folders: string[], make: () => Promise<void>): Promise<void> {
  const stamp = path.join(dist, `.${name}.hash`)
  const hash = sourceHash(...folders)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  const startedAt = Date.now()
  rmSync(stamp, { force: true })
  await make()
  mkdirSync(dist, { recursive: true })
  writeFileSync(stamp, hash)
  console.log(`built ${name} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

function command(file: string, args: string[], cwd = root): void {
  execFileSync(file, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', PRISMA_SCHEMA_ENGINE_BINARY: path.join(root, 'scripts/no-engine.sh'), CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' } })
}

await once('prisma', ['prisma'], async () => command(path.join(root, 'node_modules/.bin/prisma'), ['generate']))
await once('servers', ['apps/contract', 'apps/control', 'apps/agent', 'apps/cli', 'apps/supervisor', 'netboot', 'images', 'prisma', 'scripts', 'test/sim'], async () => {
  const entryPoints = { ...controlPrograms, agent: 'apps/agent/main.ts', systemcloud: 'apps/cli/main.ts', up: 'apps/supervisor/main.ts', 'image-build': 'images/build/main.ts', storm: 'test/sim/storm/main.ts' }
  for (const [name, file] of Object.entries(entryPoints)) if (!existsSync(path.join(root, file))) throw new Error(`${file} is missing: ${name} cannot be built`)
  await bundle(entryPoints, dist)
})
await once('console', ['apps/contract', 'apps/console'], async () => {
  const home = path.join(root, 'apps/console')
  command(path.join(root, 'node_modules/.bin/next'), ['build'], home)
  const standalone = path.join(home, '.next/standalone')
  cpSync(path.join(home, '.next/static'), path.join(standalone, 'apps/console/.next/static'), { recursive: true })
  if (existsSync(path.join(home, 'public'))) cpSync(path.join(home, 'public'), path.join(standalone, 'apps/console/public'), { recursive: true })
  for (const unused of ['@img', 'sharp']) rmSync(path.join(standalone, 'node_modules', unused), { recursive: true, force: true })
})
