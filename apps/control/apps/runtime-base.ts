import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Layer } from './build-layer.ts'

/** layer.json beside layer.tar.gz, as the image builder writes it: digests, and what languages and packages are inside. */
const LayerFile = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  diffId: z.string().regex(/^sha256:[0-9a-f]{64}$/).optional(), diff_id: z.string().regex(/^sha256:[0-9a-f]{64}$/).optional(),
  python: z.object({ version: z.string(), packages: z.array(z.string()) }).optional(),
  nodejs: z.object({ version: z.string(), packages: z.array(z.string()) }).optional(),
})

/** What an app can count on: language versions (`3.13`, `20`) and the packages that are there, by name. */
export interface RuntimeBase { readonly layer: Layer; readonly python: { version: string; packages: readonly string[] }; readonly nodejs: { version: string; packages: readonly string[] } }

/** What Debian 13 gives when layer.json does not list it. */
const debian13 = {
  python: { version: '3.13', packages: ['flask', 'gunicorn', 'psycopg2', 'psycopg', 'jinja2', 'werkzeug', 'click', 'itsdangerous', 'markupsafe', 'blinker', 'packaging'] },
  nodejs: { version: '20', packages: [] },
}

/** Reads the runtime base in `folder`. Rejects where it is broken: it is built by the appliance itself. */
export async function readRuntimeBase(folder: string): Promise<RuntimeBase> {
  const described = LayerFile.parse(JSON.parse(await readFile(path.join(folder, 'layer.json'), 'utf8')))
  const file = path.join(folder, 'layer.tar.gz')
  const diffId = described.diffId ?? described.diff_id
  if (diffId === undefined) throw new Error('layer.json of the runtime base names no diffId')
  return { layer: { file, digest: described.digest, diffId, sizeBytes: (await stat(file)).size }, python: described.python ?? debian13.python, nodejs: described.nodejs ?? debian13.nodejs }
}
