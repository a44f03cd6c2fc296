import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { findSources } from './mmdebstrap.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'sc-apt-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

it('finds the mirrors of apt where no package lists were fetched', async () => {
  mkdirSync(path.join(folder, 'lists'))
  writeFileSync(path.join(folder, 'apt.conf'), `Dir::State::lists "${folder}/lists";\n`)
  vi.stubEnv('SYSTEM_CLOUD_MIRROR', '')
  vi.stubEnv('APT_CONFIG', path.join(folder, 'apt.conf'))
  expect((await findSources('trixie')).join('\n')).toMatch(/^deb \S+ trixie main/m)
})
