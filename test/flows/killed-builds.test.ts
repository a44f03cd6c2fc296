import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clearKilledBuilds, workFolder } from '#images/build/killed-builds'

let home = ''
let mounted = ''
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'sc-killed-builds-'))
  mkdirSync(path.join(home, 'disk'))
  symlinkSync(path.join(home, 'disk'), path.join(home, 'images'))
  mounted = path.join(workFolder(path.join(home, 'disk'), 'debian-13', 2 ** 22 + 1), 'work/root/dev')
  mkdirSync(mounted, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', 'killed-build', mounted])
})
afterAll(() => {
  execFileSync('umount', [mounted])
  rmSync(home, { recursive: true, force: true })
})

it('what a killed build has mounted is not emptied, though a link leads to the folder of images', async () => {
  writeFileSync(path.join(mounted, 'somebody-elses'), '')
  const other = workFolder(path.join(home, 'images'), 'ramdisk', 2 ** 22 + 1)
  mkdirSync(other)
  expect(await clearKilledBuilds(path.join(home, 'images'))).toEqual([path.basename(other)])
  expect(existsSync(path.join(mounted, 'somebody-elses'))).toBe(true)
})
