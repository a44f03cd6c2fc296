import { expect, it } from 'vitest'
import { starve } from '../fuzz/starvation.ts'

const mebibyte = 1024 ** 2

it('serves known clients their own addresses while fifty thousand strangers ask for all there are in every way, and still has one for a machine whose lease is over', async () => {
  const outcome = await starve({ strangers: 50_000, perSecond: 5000 })
  expect(outcome.sent).toBe(50_000)
  expect(outcome.isAlive).toBe(true)
  expect(outcome.asked).toBeGreaterThan(40)
  expect(outcome.kept).toBe(outcome.asked)
  // They had all that strangers may have, by OFFER and by ACK.
  expect(outcome.refused).toBeGreaterThan(10_000)
  expect(outcome.strangersServed).toBeGreaterThan(0)
  expect(outcome.returned).toMatch(/^10\.78\.1\.\d+$/)
  expect(outcome.naks).toBe(0)
  expect(outcome.duplicates).toEqual([])
  expect(outcome.machines).toBeLessThanOrEqual(1000)
  expect(outcome.rssBytes.most - outcome.rssBytes.before).toBeLessThan(256 * mebibyte)
}, 300_000)
