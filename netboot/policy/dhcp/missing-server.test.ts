import { expect, test } from 'vitest'
import { MissingServer } from './missing-server.ts'

test('a network on which nobody gives addresses is told of once, and so is the end of it', () => {
  const server = new MissingServer(0)
  expect([server.news(0), server.news(20_000), server.probeEveryMs]).toEqual([undefined, undefined, 10_000])
  expect([server.news(20_001), server.news(60_000)]).toEqual(['missing', undefined])
  server.heard(61_000)
  expect([server.news(61_000), server.news(61_001), server.probeEveryMs]).toEqual(['found', undefined, 30_000])
  // One answer may be lost, and a second.
  expect([server.news(61_000 + 95_000), server.news(61_001 + 95_000), server.probeEveryMs]).toEqual([undefined, 'missing', 10_000])
  server.heard(200_000)
  expect(server.news(200_000)).toBe('found')
})

test('a server that is there from the beginning is never told of', () => {
  const server = new MissingServer(0)
  server.heard(3000)
  expect([server.news(3000), server.news(60_000)]).toEqual([undefined, undefined])
})
