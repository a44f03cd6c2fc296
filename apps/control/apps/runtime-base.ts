import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Layer } from './build-layer.ts'

/** layer.json beside layer.tar.gz, as the image builder writes it. Digests are bare hex there. */
const LayerFile = z.object({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/), diffId: z.string().regex(/^[0-9a-f]{64}$/), sizeBytes: z.number().int() })

/** What an app can count on: language versions (`3.13`, `20`) and the packages that are there, by name. */
export interface RuntimeBase { readonly layer: Layer; readonly python: { version: string; packages: readonly string[] }; readonly nodejs: { version: string; packages: readonly string[] } }

/** What the runtime base's Debian 13 packages amount to, in the languages' own names. */
const debian13 = {
  python: { version: '3.13', packages: ['flask', 'gunicorn', 'psycopg2', 'jinja2', 'werkzeug', 'click', 'itsdangerous', 'markupsafe', 'blinker', 'packaging'] },
  nodejs: { version: '20', packages: ['pg'] },
}

/** Reads the runtime base in `folder`. Rejects where it is broken: it is built by the appliance itself. */
export async function readRuntimeBase(folder: string): Promise<RuntimeBase> {
  const { sha256, diffId, sizeBytes, path: name } = LayerFile.parse(JSON.parse(await readFile(path.join(folder, 'layer.json'), 'utf8')))
  return { layer: { file: path.join(folder, path.basename(name)), digest: `sha256:${sha256}`, diffId: `sha256:${diffId}`, sizeBytes }, ...debian13 }
}
