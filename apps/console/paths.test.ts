import { expect, test } from 'vitest'
import { api, pages, safeNext } from './paths.ts'

test('ids are escaped and empty queries leave nothing behind', () => {
  expect(pages.machine('a/b')).toBe('/machines/a%2Fb')
  expect(api.machineLog('m1', { after: undefined, limit: 10 })).toBe('/api/v1/machines/m1/log?limit=10')
  expect(api.events({})).toBe('/api/v1/events')
})

test('a sign-in never leads to another origin', () => {
  expect(safeNext('/machines/m1')).toBe('/machines/m1')
  for (const bad of ['//evil.test', '/\\evil.test', 'https://evil.test', '/sign-in?next=/', null]) expect(safeNext(bad)).toBe('/')
})
