import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { clearKilledBuilds, workFolder } from './killed-builds.ts'

const images = mkdtempSync(path.join(tmpdir(), 'sc-builds-'))
afterAll(() => rmSync(images, { recursive: true, force: true }))

test('what killed builds left is cleared, whichever image it was of; builds that go on and finished ones stay', async () => {
  const script = path.join(images, 'image-build.mjs')
  writeFileSync(script, 'console.log("runs"); setInterval(() => {}, 1000)')
  const living = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => living.stdout.once('data', resolve))
  const gone = spawn('true')
  await new Promise((resolve) => gone.once('exit', resolve))
  const kept = [workFolder(images, 'ramdisk', living.pid ?? 0), path.join(images, 'ramdisk-0123'), path.join(images, '.new')]
  const left = [workFolder(images, 'debian-13', gone.pid ?? 0), workFolder(images, 'loaders', process.ppid)]
  for (const folder of [...kept, ...left]) mkdirSync(path.join(folder, 'out'), { recursive: true })
  expect((await clearKilledBuilds(images)).sort()).toEqual(left.map((folder) => path.basename(folder)).sort())
  expect(readdirSync(images).sort()).toEqual([...kept.map((folder) => path.basename(folder)), 'image-build.mjs'].sort())
  living.kill('SIGKILL')
  expect(await clearKilledBuilds(path.join(images, 'absent'))).toEqual([])
})
