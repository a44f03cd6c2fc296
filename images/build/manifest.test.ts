import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBuild, readImageManifest, renderChunkList, type ImageManifest } from './manifest.ts'

const chunk = (digit: string, offsetBytes: number) => ({ digest: digit.repeat(128), compressedBytes: 9, offsetBytes, lengthBytes: 4096 })
const manifest: ImageManifest = {
  id: 'debian-13', title: 'Debian 13', hash: 'ab', suite: 'trixie', kernel: '6.12', builtAt: '2026-01-01T00:00:00Z',
  root: [chunk('a', 0), chunk('b', 8192)], esp: [chunk('c', 0)], bios: [chunk('d', 0)], sizes: { rootBytes: 1, espBytes: 1, writtenBytes: 1, downloadBytes: 1 },
}

let data = ''
beforeEach(() => { data = mkdtempSync(path.join(tmpdir(), 'manifest-')) })
afterEach(() => rmSync(data, { recursive: true, force: true }))

it('renders the chunk list as the ramdisk reads it', () => {
  expect(renderChunkList(manifest)).toBe(`${'a'.repeat(128)} 9 0 4096 root\n${'b'.repeat(128)} 9 8192 4096 root\n${'c'.repeat(128)} 9 0 4096 esp\n${'d'.repeat(128)} 9 0 4096 bios\n`)
})

describe('findBuild', () => {
  const make = (name: string, at: number): string => {
    const dir = path.join(data, 'images', name)
    mkdirSync(dir, { recursive: true })
    writeFileSync(path.join(dir, 'manifest.json'), JSON.stringify(manifest))
    utimesSync(dir, at, at)
    return dir
  }
  it('is undefined where nothing was built', () => expect(findBuild(data, 'debian-13')).toBeUndefined())
  it('takes the newest finished build, never a half-made one or another image', () => {
    make('debian-13-00000000000000aa', 100)
    const newest = make('debian-13-00000000000000bb', 200)
    make('.new-debian-13-77', 300)
    make('debian-13-extra-00000000000000cc', 400)
    expect(findBuild(data, 'debian-13')).toBe(newest)
    expect(readImageManifest(newest)).toEqual(manifest)
  })
  it('passes over what a power cut left without a manifest, and what another version wrote', () => {
    const readable = make('debian-13-00000000000000aa', 100)
    writeFileSync(path.join(make('debian-13-00000000000000bb', 200), 'manifest.json'), '')
    const older = make('debian-13-00000000000000cc', 300)
    writeFileSync(path.join(older, 'manifest.json'), JSON.stringify(manifest).replaceAll('digest', 'sha256'))
    rmSync(path.join(make('debian-13-00000000000000dd', 400), 'manifest.json'))
    expect(findBuild(data, 'debian-13')).toBe(readable)
    rmSync(readable, { recursive: true })
    expect(findBuild(data, 'debian-13')).toBeUndefined()
  })
})
