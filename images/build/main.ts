import { mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { builds } from '../catalog/builds.ts'
import { command } from './command.ts'
import { clearKilledBuilds, workFolder } from './killed-builds.ts'
import { isReadableBuild, listBuilds } from './manifest.ts'
import { planBuild } from './plan-build.ts'
import type { Tell } from './progress.ts'

/** `node image-build.mjs --data DIR IMAGE`, or `leftovers` to clear what killed builds left: progress as JSON lines `{step,percent,detail}`, at the end `{done:true,dir,hash}`. Exit 1 with a sentence on standard error. */
async function main(args: readonly string[]): Promise<void> {
  const [flag, data, id] = args
  if (flag !== '--data' || data === undefined || id === undefined) throw new Error(`use: image-build --data DIR ${builds.join('|')}`)
  const dataDir = path.resolve(data)
  const tell: Tell = (progress) => process.stdout.write(`${JSON.stringify(progress)}\n`)
  const images = path.join(dataDir, 'images')
  if (id === 'leftovers') {
    for (const name of await clearKilledBuilds(images)) tell({ step: `cleared ${name}, which a killed build had left`, percent: null, detail: '' })
    return
  }
  const build = planBuild(id, dataDir, tell)
  const dir = path.join(images, `${id}-${build.hash}`)
  if (!isReadableBuild(dir)) {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(images, { recursive: true })
    await clearKilledBuilds(images).catch((error: unknown) => tell({ step: `what a killed build left stays: ${String(error)}`, percent: null, detail: '' }))
    const temporary = workFolder(images, id, process.pid)
    const outDir = path.join(temporary, 'out')
    const workDir = path.join(temporary, 'work')
    mkdirSync(outDir, { recursive: true })
    mkdirSync(workDir)
    await build.run({ outDir, workDir })
    // Its final name says that all of it is there: also after a power cut.
    await command('sync', ['--file-system', outDir])
    renameSync(outDir, dir)
    rmSync(temporary, { recursive: true, force: true })
  }
  // The newest folder is the one in use, also after a return to an earlier recipe; one more stays for a deploy that is under way.
  utimesSync(dir, new Date(), new Date())
  for (const old of listBuilds(dataDir, id).slice(2)) rmSync(old, { recursive: true, force: true })
  process.stdout.write(`${JSON.stringify({ step: 'ready', percent: 100, done: true, dir, hash: build.hash })}\n`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${cause}\n`)
  process.exitCode = 1
}
