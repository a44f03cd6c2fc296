import { statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { digestFile } from './assets.ts'
import { command } from './command.ts'
import { manifestNames, type LayerManifest } from './manifest.ts'
import { makeRoot } from './mmdebstrap.ts'
import type { Tell } from './progress.ts'

/** What decides the runtime base's bytes. */
export const runtimeRecipe = {
  version: 1, suite: 'trixie',
  packages: ['python3', 'python3-psycopg2', 'python3-flask', 'gunicorn', 'nodejs', 'node-pg', 'ca-certificates', 'tzdata'],
  excluded: ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*'],
} as const

/** Builds `layer.tar.gz` and `layer.json`: the system under every app, Debian's own Python and Node. */
export async function buildRuntimeBase(plan: { outDir: string; workDir: string; dataDir: string; hash: string }, tell: Tell): Promise<void> {
  const root = path.join(plan.workDir, 'root')
  await makeRoot({ ...runtimeRecipe, variant: 'minbase', dir: root, dataDir: plan.dataDir, hooks: [], env: {}, from: 0, to: 80 }, tell)
  tell({ step: 'packing the layer', percent: 82, detail: '' })
  const tar = path.join(plan.workDir, 'layer.tar')
  await command('tar', ['--create', '--file', tar, '--directory', root, '--numeric-owner', '--sort=name', '--mtime=@0', '--exclude=./dev/*', '--exclude=./proc/*', '--exclude=./sys/*', '--exclude=./run/*', '--exclude=./var/cache/apt/*', '--exclude=./var/lib/apt/lists/*', '--exclude=./boot', '.'])
  const inside = digestFile(tar)
  await command('gzip', ['-n', '-6', tar])
  const layer = path.join(plan.outDir, 'layer.tar.gz')
  await command('mv', [`${tar}.gz`, layer])
  const manifest: LayerManifest = {
    id: 'runtime-base', hash: plan.hash, builtAt: new Date().toISOString(), path: 'layer.tar.gz', mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    sha256: digestFile(layer).sha256, diffId: inside.sha256, sizeBytes: statSync(layer).size, uncompressedBytes: inside.sizeBytes,
  }
  writeFileSync(path.join(plan.outDir, manifestNames.layer), JSON.stringify(manifest, null, 1))
}
