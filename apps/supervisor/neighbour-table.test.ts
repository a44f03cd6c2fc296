import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { widenNeighbourTable } from './neighbour-table.ts'

let settings = ''
let said: string[] = []
beforeEach(() => {
  settings = mkdtempSync(path.join(tmpdir(), 'sc-neighbours-'))
  said = []
})
afterEach(() => rmSync(settings, { recursive: true }))

const lay = (family: string, values: readonly number[]): void => {
  mkdirSync(path.join(settings, family, 'neigh/default'), { recursive: true })
  for (const [index, value] of values.entries()) writeFileSync(path.join(settings, family, `neigh/default/gc_thresh${index + 1}`), `${value}\n`)
}
const values = (family: string): number[] => [1, 2, 3].map((index) => Number(readFileSync(path.join(settings, family, `neigh/default/gc_thresh${index}`), 'utf8')))
const widen = (): void => widenNeighbourTable((text) => said.push(text), settings)

it('raises what Linux sets by default, and says so', () => {
  lay('ipv4', [128, 512, 1024])
  lay('ipv6', [128, 512, 1024])
  widen()
  expect([values('ipv4'), values('ipv6')]).toEqual([[8192, 32_768, 65_536], [8192, 32_768, 65_536]])
  expect(said).toEqual(['the table of ipv4 neighbours holds 65536 now', 'the table of ipv6 neighbours holds 65536 now'])
})

it('leaves what somebody set higher', () => {
  lay('ipv4', [100_000, 200_000, 400_000])
  widen()
  expect(values('ipv4')).toEqual([100_000, 200_000, 400_000])
  expect(said).toEqual([])
})

it('goes on where the kernel shows none, and says what to do where it lets nobody set them', () => {
  lay('ipv4', [128, 512, 1024])
  rmSync(path.join(settings, 'ipv4/neigh/default/gc_thresh3'))
  // Root may write every file but such ones.
  symlinkSync('/proc/version', path.join(settings, 'ipv4/neigh/default/gc_thresh3'))
  widen()
  expect(said).toEqual([expect.stringMatching(/^the table of ipv4 neighbours stays as small as it is .*: set net\.ipv4\.neigh\.default\.gc_thresh3 = 65536 /)])
  expect(readFileSync(path.join(settings, 'ipv4/neigh/default/gc_thresh1'), 'utf8')).toBe('128\n')
})
