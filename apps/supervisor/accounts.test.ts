import { mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { makeOwnFolder, runAs } from './accounts.ts'

it('runs a command with the named capabilities and no other', () => {
  expect(runAs({ name: 'someone', uid: 7, gid: 8 }, ['net_raw'])).toEqual(['setpriv', '--reuid=7', '--regid=8', '--clear-groups', '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--bounding-set=-all,+net_raw', '--no-new-privs'])
})

it.runIf(process.getuid?.() === 0)('gives a folder away with all that is in it, but nothing that a link points to', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sc-own-'))
  mkdirSync(path.join(folder, 'state/ca'), { recursive: true })
  for (const name of ['outside', 'state/ca/key']) writeFileSync(path.join(folder, name), '')
  symlinkSync(path.join(folder, 'outside'), path.join(folder, 'state/link'))
  makeOwnFolder(path.join(folder, 'state'), { name: 'someone', uid: 7, gid: 8 }, 0o700)
  expect(['state', 'state/ca', 'state/ca/key', 'outside'].map((name) => statSync(path.join(folder, name)).uid)).toEqual([7, 7, 7, 0])
})
