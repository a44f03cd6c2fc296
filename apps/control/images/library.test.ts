import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Image } from '#contract/operator-api'
import { openLibrary } from './library.ts'

let dataDir: string
let builder: net.Server
let asked: string[]
/** What the builder says of an image; undefined: it goes on building for ever. */
let answer: (image: string) => object[] | undefined

beforeEach(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'library-'))
  asked = []
  answer = (image) => [{ step: 'unpacking', percent: 40, detail: '' }, { done: true, dir: makeBuild(image) }]
  builder = net.createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (bytes: Buffer) => {
      const { build } = JSON.parse(bytes.toString()) as { build: string }
      asked.push(build)
      const lines = answer(build)
      if (lines === undefined) socket.write(`${JSON.stringify({ step: 'unpacking', percent: 40, detail: '' })}\n`)
      else socket.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    })
  })
  await new Promise<void>((resolve) => { builder.listen(path.join(dataDir, 'builder.sock'), resolve) })
})
afterEach(() => {
  builder.close()
  rmSync(dataDir, { recursive: true })
})

const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Puts a finished build where the builder would. */
function makeBuild(image: string): string {
  const dir = path.join(dataDir, 'images', `${image}-0123456789abcdef`)
  mkdirSync(dir, { recursive: true })
  const common = { id: image, hash: '0123456789abcdef', builtAt: '2026-01-01T00:00:00Z' }
  const file = (name: string) => {
    writeFileSync(path.join(dir, name), `bytes of ${name}`)
    return { name, path: name, sizeBytes: 9 + name.length, sha256: sha(`bytes of ${name}`) }
  }
  if (image === 'debian-13') writeFileSync(path.join(dir, 'manifest.json'), JSON.stringify({ ...common, title: 'Debian 13', suite: 'trixie', kernel: '6.12', root: [{ digest: 'a'.repeat(128), compressedBytes: 5, offsetBytes: 0, lengthBytes: 9 }], esp: [], bios: [], sizes: { rootBytes: 9, espBytes: 0, writtenBytes: 9, downloadBytes: 5 } }))
  else if (image === 'runtime-base') writeFileSync(path.join(dir, 'layer.json'), JSON.stringify({ ...common, path: 'layer.tar.gz', mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', sha256: 'b'.repeat(64), diffId: 'c'.repeat(64), sizeBytes: 3, uncompressedBytes: 9 }))
  else writeFileSync(path.join(dir, 'files.json'), JSON.stringify({ ...common, files: image === 'ramdisk' ? [file('vmlinuz'), file('initrd.zst')] : [file('undionly.kpxe')] }))
  return dir
}

const open = () => openLibrary({ osImageIds: ['debian-13'], dataDir, stateDir: path.join(dataDir, 'state'), builderSocket: path.join(dataDir, 'builder.sock'), caPem: 'PEM OF THE CA' })
const states = (images: readonly Image[]) => Object.fromEntries(images.map((image) => [image.id, image.state]))

describe('the library', () => {
  it('asks for what discovery needs first, and takes each build into use', async () => {
    const library = open()
    const shown: string[] = []
    library.subscribe((image) => shown.push(`${image.id} ${image.state} ${image.step}`))
    await library.run(new AbortController().signal)
    expect(asked).toEqual(['loaders', 'ramdisk', 'debian-13', 'runtime-base'])
    expect(states(library.images())).toEqual({ loaders: 'ready', ramdisk: 'ready', 'debian-13': 'ready', 'runtime-base': 'ready' })
    expect(shown).toContain('debian-13 building unpacking')
    expect(library.bootFile('undionly.kpxe')?.sha256).toBe(sha('bytes of undionly.kpxe'))
    expect(library.bootFile('../vmlinuz')).toBeUndefined()
    expect(library.chunkPath('a'.repeat(128))).toContain('chunks')
    expect(library.chunkPath('f'.repeat(128))).toBeUndefined()
  })

  it('is ready for discovery though the OS image is never finished', async () => {
    const stop = new AbortController()
    answer = (image) => (image === 'debian-13' ? undefined : [{ done: true, dir: makeBuild(image) }])
    const library = open()
    const building = new Promise<void>((resolve) => { library.subscribe((image) => { if (image.id === 'debian-13' && image.percent === 40) resolve() }) })
    const running = library.run(stop.signal)
    await building
    expect(states(library.images())).toMatchObject({ loaders: 'ready', ramdisk: 'ready', 'debian-13': 'building' })
    for (const file of ['undionly.kpxe', 'vmlinuz', 'initrd.img']) expect(library.bootFile(file), file).toBeDefined()
    stop.abort()
    await running
  })

  it('puts the CA before the ramdisk’s initrd', async () => {
    const library = open()
    await library.run(new AbortController().signal)
    const initrd = library.bootFile('initrd.img')
    const bytes = readFileSync(initrd?.path ?? '')
    expect(bytes.toString('latin1')).toMatch(/^070701.*PEM OF THE CA.*bytes of initrd\.zst$/s)
    expect(initrd?.sizeBytes).toBe(bytes.length)
  })

  it('serves at once what an earlier run built, and calls it ready when the builder has said that it is today’s', async () => {
    for (const image of ['loaders', 'ramdisk']) makeBuild(image)
    const library = open()
    expect(states(library.images())).toEqual({ loaders: 'building', ramdisk: 'building', 'debian-13': 'missing', 'runtime-base': 'missing' })
    expect(library.bootFile('vmlinuz')).toBeDefined()
    await library.run(new AbortController().signal)
    expect(states(library.images())).toMatchObject({ loaders: 'ready', ramdisk: 'ready' })
  })

  it('waits for a build of today where an earlier one is half written, of another version, or has lost its files', async () => {
    writeFileSync(path.join(makeBuild('loaders'), 'files.json'), '')
    const older = path.join(makeBuild('debian-13'), 'manifest.json')
    writeFileSync(older, readFileSync(older, 'utf8').replace('"digest"', '"sha256"'))
    rmSync(path.join(makeBuild('ramdisk'), 'initrd.zst'))
    const library = open()
    // Not failed: a deploy goes on waiting, and nobody is asked to do anything.
    expect(states(library.images())).toMatchObject({ loaders: 'missing', ramdisk: 'missing', 'debian-13': 'missing' })
    expect(library.osManifest('debian-13')).toBeUndefined()
    expect(library.images().find(({ id }) => id === 'ramdisk')?.step).toContain('an earlier build cannot be used')
    const stop = new AbortController()
    answer = (image) => [{ done: true, dir: makeBuild(image) }]
    const ready = new Promise<void>((resolve) => { library.subscribe(() => { if (library.images().every(({ state }) => state === 'ready')) resolve() }) })
    const running = library.run(stop.signal)
    await ready
    stop.abort()
    await running
  })

  it('goes on with an earlier build where a newer one fails', async () => {
    const stop = new AbortController()
    makeBuild('loaders')
    answer = () => [{ error: 'disk full' }]
    const library = open()
    const kept = new Promise<Image>((resolve) => { library.subscribe((image) => { if (image.state === 'ready') resolve(image) }) })
    const running = library.run(stop.signal)
    expect((await kept).step).toContain('disk full')
    expect(library.bootFile('undionly.kpxe')).toBeDefined()
    stop.abort()
    await running
  })

  it('shows why a build failed and goes on asking', async () => {
    const stop = new AbortController()
    answer = () => [{ error: 'no mirror answers: check /etc/apt' }]
    const library = open()
    const failed = new Promise<Image>((resolve) => { library.subscribe((image) => { if (image.state === 'failed') resolve(image) }) })
    const running = library.run(stop.signal)
    expect((await failed).error).toBe('no mirror answers: check /etc/apt')
    stop.abort()
    await running
  })
})
