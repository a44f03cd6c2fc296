import { createHash } from 'node:crypto'
import type { Layer } from './build-layer.ts'

/** A blob small enough to hold: its bytes and what the registry calls it. */
export interface Blob { readonly digest: string; readonly bytes: Buffer }

/** The media type under which the manifest must be put: Docker image manifest, version 2 schema 2. */
export const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'

/** User and group of every instance: nobody on the host, never root. */
const instanceUser = '10001:10001'

/**
 * An image's config and manifest. Same layers, entrypoint and time: same bytes, same digests.
 *
 * The entrypoint is one line of shell by App Engine's contract. It is run by the shell inside the container and nowhere else.
 */
export function renderImage(layers: readonly Pick<Layer, 'digest' | 'diffId' | 'sizeBytes'>[], entrypoint: string, createdAt: string): { config: Blob; manifest: Blob } {
  const config = blob({
    architecture: 'amd64', os: 'linux', created: createdAt,
    config: {
      User: instanceUser, WorkingDir: '/app', Cmd: ['/bin/sh', '-c', `exec ${entrypoint}`], ExposedPorts: { '8080/tcp': {} },
      Env: ['PATH=/app/node_modules/.bin:/usr/local/bin:/usr/bin:/bin', 'HOME=/tmp', 'LANG=C.UTF-8', 'PORT=8080', 'PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1', 'PYTHONPATH=/app/lib', 'NODE_PATH=/usr/share/nodejs:/usr/lib/nodejs'],
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((_, index) => ({ created: createdAt, created_by: index === layers.length - 1 ? 'the app' : 'the runtime base' })),
  })
  const manifest = blob({
    schemaVersion: 2, mediaType: manifestType,
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.bytes.length, digest: config.digest },
    layers: layers.map(({ digest, sizeBytes }) => ({ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: sizeBytes, digest })),
  })
  return { config, manifest }
}

function blob(value: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(value))
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes }
}
