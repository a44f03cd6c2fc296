import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pack, type Header } from 'tar-stream'
import { afterAll, describe, expect, test } from 'vitest'
import { judgeStart } from './app-view.ts'
import { buildLayer } from './build-layer.ts'
import { renderImage } from './image-manifest.ts'
import { planApp } from './plan-app.ts'
import { explainFolder, scanFolder } from './scan-folder.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'sc-app-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Entry = Partial<Header> & { name: string; text?: string }
async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack()
  for (const { text, ...header } of entries) tar.entry({ ...header }, text ?? '')
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
const scan = async (entries: readonly Entry[]) => scanFolder(Readable.from([await tarOf(entries)]))
const yaml: Entry = { name: 'app.yaml', text: 'runtime: python3\nservice: shop\n' }

describe('an app folder', () => {
  test.each<[string, Entry, string | null]>([
    ['a file', { name: './a/b.txt', text: 'x' }, null],
    ['a link inside', { name: 'a/l', type: 'symlink', linkname: '../app.yaml' }, null],
    ['climbing', { name: '../evil', text: 'x' }, "not a path inside the app's folder"],
    ['climbing in the middle', { name: 'a/../../evil', text: 'x' }, "not a path inside the app's folder"],
    ['an absolute name', { name: '/etc/passwd', text: 'x' }, "not a path inside the app's folder"],
    ['a link out', { name: 'l', type: 'symlink', linkname: '../../etc/passwd' }, "outside the app's folder"],
    ['an absolute link', { name: 'l', type: 'symlink', linkname: '/etc/passwd' }, "outside the app's folder"],
    ['a hard link', { name: 'l', type: 'link', linkname: 'app.yaml' }, 'is a link'],
    ['a device', { name: 'd', type: 'character-device' }, 'is a character-device'],
    ['a pipe', { name: 'p', type: 'fifo' }, 'is a fifo'],
    ['the same file again', { ...yaml }, 'is in the archive twice'],
  ])('%s', async (_, entry, why) => {
    const scanned = await scan([yaml, entry])
    if (why === null) expect(scanned.ok).toBe(true)
    else expect(scanned.ok ? 'taken' : explainFolder(scanned.fault)).toContain(why)
  })

  test('a file behind a link, no app.yaml, no tar', async () => {
    const behind = await scan([yaml, { name: 'd', type: 'symlink', linkname: 'e' }, { name: 'd/f', text: 'x' }])
    expect(behind.ok ? '' : behind.fault.kind).toBe('under-link')
    const without = await scan([{ name: 'main.py', text: '' }])
    expect(without.ok ? '' : without.fault.kind).toBe('no-app-yaml')
    const garbage = await scanFolder(Readable.from([Buffer.alloc(5000, 'garbage')]))
    expect(garbage.ok ? '' : garbage.fault.kind).toBe('not-a-tar')
  })

  const base = { python: { version: '3.13', packages: ['flask', 'gunicorn', 'psycopg2'] }, nodejs: { version: '20', packages: ['pg'] } }
  test.each<[string, Entry[], string]>([
    ['python by default runs gunicorn', [yaml, { name: 'main.py' }], 'gunicorn -b :$PORT main:app'],
    ['node runs its start script', [{ name: 'app.yaml', text: 'runtime: nodejs20\nservice: n\n' }, { name: 'package.json', text: '{"scripts":{"start":"node x.js"},"dependencies":{"pg":"8"}}' }], 'node x.js'],
    ['node runs server.js', [{ name: 'app.yaml', text: 'runtime: nodejs20\nservice: n\n' }, { name: 'server.js' }], 'node server.js'],
    ['nothing to run', [yaml], 'There is no main.py'],
    ['no name', [{ name: 'app.yaml', text: 'runtime: python3\n' }, { name: 'main.py' }], 'must name the app'],
    ['a package that is there', [yaml, { name: 'main.py' }, { name: 'requirements.txt', text: 'Flask==3.0 # web\npsycopg2-binary\n' }], 'gunicorn'],
    ['a package in lib', [yaml, { name: 'main.py' }, { name: 'requirements.txt', text: 'requests\n' }, { name: 'lib/requests/__init__.py' }], 'gunicorn'],
    ['a package that is not', [yaml, { name: 'main.py' }, { name: 'requirements.txt', text: 'numpy>=2\n' }], 'asks for numpy, which the runtime does not have. It has flask, gunicorn, psycopg2.'],
    ['a node package that is not', [{ name: 'app.yaml', text: 'runtime: nodejs20\nservice: n\n' }, { name: 'package.json', text: '{"dependencies":{"express":"5"}}' }], 'asks for express'],
  ])('%s', async (_, entries, expected) => {
    const scanned = await scan(entries)
    if (!scanned.ok) throw new Error(scanned.fault.kind)
    const planned = planApp(scanned.value, base)
    expect(planned.ok ? planned.value.entrypoint : planned.fault.sentence).toContain(expected)
  })
})

describe('an image', () => {
  test('the same folder gives the same digests, whatever its times and owners', async () => {
    const layers = await Promise.all([0, 1].map(async (n) => {
      const archive = path.join(folder, `${n}.tar`)
      writeFileSync(archive, await tarOf([{ ...yaml, mtime: new Date(n * 1e9), uid: n }, { name: 'bin', type: 'directory' }, { name: 'bin/run', text: '#!/bin/sh\n', mode: 0o775 - n }, { name: 'l', type: 'symlink', linkname: 'bin/run' }]))
      return buildLayer(archive, path.join(folder, `${n}.tar.gz`))
    }))
    expect(layers[0]?.diffId).toBe(layers[1]?.diffId)
    expect(layers[0]?.digest).toBe(layers[1]?.digest)
    expect(layers[0]?.diffId).toMatchInlineSnapshot(`"sha256:e6a82ff214e7b39c7119e1839cd5fbba001c83f15c4b8775d2b1fa2bcb6d3c69"`)
  })

  test('config and manifest are what they always were', () => {
    const hex = (digit: string) => `sha256:${digit.repeat(64)}`
    const { config, manifest } = renderImage([{ digest: hex('a'), diffId: hex('b'), sizeBytes: 10 }, { digest: hex('c'), diffId: hex('d'), sizeBytes: 20 }], 'node server.js', '2026-01-02T03:04:05.000Z')
    expect(JSON.parse(config.bytes.toString())).toMatchObject({ config: { Cmd: ['/bin/sh', '-c', 'exec node server.js'], User: '10001:10001' }, rootfs: { diff_ids: [hex('b'), hex('d')] } })
    expect([config.digest, manifest.digest]).toMatchInlineSnapshot(`
      [
        "sha256:bcec7bd950f291fb100bd8661728f95ba098c9179c40eb08074afc061b3a6dc0",
        "sha256:529548c320d612a4d0309395ec6d503e62bdc8ff62b30026e06c36cc188a0368",
      ]
    `)
  })
})

describe('judging a start', () => {
  const image = 'r/apps@sha256:1'
  const instance = (state: string, error = '', of = image) => ({ state, error, image: of })
  test.each([
    ['nothing placed yet', [], 'no route', undefined, 0, 'starting'],
    ['runs, but no route', [instance('running')], 'no route', undefined, 0, 'starting'],
    ['runs and answers', [instance('running')], null, undefined, 0, 'serving'],
    ['only the old version answers', [instance('running', '', 'old')], null, undefined, 0, 'starting'],
    ['one failure may be bad luck', [instance('failed', 'exit 1')], 'no route', undefined, 0, 'starting'],
    ['three failures are not', [instance('failed', 'exit 1'), instance('failed', 'exit 1'), instance('rejected', 'x')], 'no route', undefined, 0, 'failed'],
    ['a task that keeps failing', [], 'no route', 'disk full', 200_000, 'failed'],
    ['too long', [instance('preparing')], 'no route', undefined, 1_000_000, 'failed'],
  ] as const)('%s', (_, instances, route, task, waited, state) => expect(judgeStart(instances, image, 2, route, task, waited).state).toBe(state))
})
