import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { extract, type Header } from 'tar-stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { packFolder } from './pack-folder.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'sc-pack-')) })
afterEach(() => rmSync(folder, { recursive: true }))

function write(home: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true })
    writeFileSync(path.join(home, name), text)
  }
}

async function headers(tar: Buffer): Promise<Header[]> {
  const found: Header[] = []
  const reader = extract()
  reader.on('entry', (header, stream, next) => { found.push(header); stream.on('end', next); stream.resume() })
  await new Promise<void>((resolve, reject) => { reader.on('finish', () => resolve()); reader.on('error', reject); reader.end(tar) })
  return found
}

test('the same content gives the same bytes, whenever and in whatever order it was written', async () => {
  write(folder, { 'one/app.yaml': 'runtime: python313\n', 'one/lib/b.py': 'b', 'one/lib/a.py': 'a', 'one/lib.py': 'l', 'one/run.sh': 'r' })
  write(folder, { 'two/run.sh': 'r', 'two/lib.py': 'l', 'two/lib/a.py': 'a', 'two/lib/b.py': 'b', 'two/app.yaml': 'runtime: python313\n' })
  utimesSync(path.join(folder, 'one/lib.py'), 1, 1)
  for (const home of ['one', 'two']) chmodSync(path.join(folder, home, 'run.sh'), 0o700)
  const [one, two] = await Promise.all([packFolder(path.join(folder, 'one')), packFolder(path.join(folder, 'two'))])
  expect(one.tar.equals(two.tar)).toBe(true)
  const entries = await headers(one.tar)
  expect(entries.map((entry) => [entry.name, entry.mode, entry.mtime?.getTime(), entry.uid])).toEqual([
    ['app.yaml', 0o644, 0, 0], ['lib/a.py', 0o644, 0, 0], ['lib/b.py', 0o644, 0, 0], ['lib.py', 0o644, 0, 0], ['run.sh', 0o755, 0, 0],
  ])
})

test('.git and what .gcloudignore names stay at home', async () => {
  write(folder, { '.git/HEAD': 'x', '.gcloudignore': 'node_modules/\n*.log\n!keep.log\n', 'app.yaml': 'x', 'node_modules/a/i.js': 'x', 'x.log': 'x', 'deep/y.log': 'x', 'keep.log': 'x' })
  expect((await headers((await packFolder(folder)).tar)).map((entry) => entry.name)).toEqual(['app.yaml', 'keep.log'])
})

test('an empty file, a long name and a large file arrive whole', async () => {
  const long = `${'d'.repeat(90)}/${'f'.repeat(120)}.txt`
  write(folder, { 'app.yaml': '', [long]: 'x', 'large.bin': 'z'.repeat(3_000_000) })
  expect((await headers((await packFolder(folder)).tar)).map((entry) => [entry.name, entry.size])).toEqual([['app.yaml', 0], [long, 1], ['large.bin', 3_000_000]])
})

test('a link inside travels as a link; one that leaves the folder is refused', async () => {
  write(folder, { 'app/app.yaml': 'x', 'secret': 'x' })
  symlinkSync('app.yaml', path.join(folder, 'app/alias.yaml'))
  expect((await headers((await packFolder(path.join(folder, 'app'))).tar))[0]).toMatchObject({ name: 'alias.yaml', type: 'symlink', linkname: 'app.yaml' })
  symlinkSync('../secret', path.join(folder, 'app/out'))
  await expect(packFolder(path.join(folder, 'app'))).rejects.toThrow('out is a link that leaves the folder')
})
