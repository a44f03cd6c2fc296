import { expect, it } from 'vitest'
import { planSources } from './apt-sources.ts'
import { readMmdebstrapLine } from './progress.ts'

it('asks the mirrors of this system for another suite, and leaves other repositories out', () => {
  const targets = 'http://deb.example/debian/ bookworm\nhttp://deb.example/debian/ bookworm-updates\nhttp://sec.example/debian-security/ bookworm-security\nhttps://node.example/ nodistro\n'
  expect(planSources(targets, 'bookworm', 'trixie')).toEqual(['deb http://deb.example/debian/ trixie main', 'deb http://deb.example/debian/ trixie-updates main', 'deb http://sec.example/debian-security/ trixie-security main'])
})
it('has nothing to ask where the main archive is not among the sources', () => {
  expect(planSources('https://node.example/ nodistro\nhttp://sec.example/ bookworm-security\n', 'bookworm', 'trixie')).toEqual([])
})
it('reads what mmdebstrap says, and skips its other lines', () => {
  expect(readMmdebstrapLine('I: downloading packages with apt...')).toEqual({ step: 'downloading packages', share: 0.06 })
  expect(readMmdebstrapLine('I: success in 3 seconds')).toBeUndefined()
})
