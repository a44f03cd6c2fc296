import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { builds } from '../catalog/builds.ts'
import { recipeHash } from './assets.ts'
import { planBuild, writeFiles } from './plan-build.ts'

const hashOf = (id: string): string => planBuild(id, '/nowhere', () => undefined).hash

describe('recipeHash', () => {
  it('is the same for the same settings and files, and another one for any others', () => {
    const hash = recipeHash({ suite: 'trixie' }, ['ramdisk/init'])
    expect(hash).toMatch(/^[0-9a-f]{16}$/)
    expect(recipeHash({ suite: 'trixie' }, ['ramdisk/init'])).toBe(hash)
    for (const other of [recipeHash({ suite: 'bookworm' }, ['ramdisk/init']), recipeHash({ suite: 'trixie' }, []), recipeHash({ suite: 'trixie' }, ['ramdisk/init', 'loaders/localboot.cfg']), recipeHash({ suite: 'trixie' }, ['loaders/localboot.cfg'])])
      expect(other).not.toBe(hash)
  })
})

describe('planBuild', () => {
  it('gives each build a name that stays while its recipe does', () => {
    expect(builds.map(hashOf)).toEqual(builds.map(hashOf))
    expect(new Set(builds.map(hashOf)).size).toBe(builds.length)
    expect(() => hashOf('windows')).toThrow('no image is called windows')
  })

  it('builds nothing where there is a finished build of this recipe', async () => {
    const data = mkdtempSync(path.join(tmpdir(), 'sc-plan-'))
    const dir = path.join(data, 'images', `ramdisk-${hashOf('ramdisk')}`)
    mkdirSync(dir, { recursive: true })
    writeFileSync(path.join(dir, 'vmlinuz'), 'built earlier')
    writeFiles(dir, 'ramdisk', hashOf('ramdisk'))
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, 'main.ts'), '--data', data, 'ramdisk'])
    expect(stdout.trim().split('\n').map((line) => JSON.parse(line) as object)).toEqual([{ step: 'ready', percent: 100, done: true, dir, hash: hashOf('ramdisk') }])
    expect([readdirSync(path.dirname(dir)), readFileSync(path.join(dir, 'vmlinuz'), 'utf8')]).toEqual([[path.basename(dir)], 'built earlier'])
    rmSync(data, { recursive: true })
  })
})
