import { expect, it } from 'vitest'
import { fuzzLive } from '../fuzz/live.ts'

const mebibyte = 1024 ** 2

it('survives ten thousand hostile packets to each port and ten thousand requests to each server, serving known clients in between', async () => {
  const outcome = await fuzzLive({ datagrams: 10_000, requests: { 'boot HTTP': 10_000, 'machine HTTPS': 10_000, 'operator API': 10_000 } })
  expect(outcome.isAlive).toBe(true)
  expect(Object.values(outcome.sent).every((count) => count === 10_000)).toBe(true)
  for (const count of Object.values(outcome.answered)) expect(count).toBeGreaterThan(2000)
  expect(outcome.stuck).toBe(0)
  expect(outcome.served.clients).toBe(outcome.served.of)
  expect(outcome.exceptions.counted).toBe(outcome.exceptions.logged)
  expect(outcome.exceptions.logged).toBe(0)
  expect(outcome.errors).toEqual([])
  expect(outcome.dropped).toBeGreaterThan(10_000)
  expect(outcome.dropped6).toBeGreaterThan(5000)
  expect(outcome.rssBytes.most - outcome.rssBytes.before).toBeLessThan(400 * mebibyte)
}, 300_000)
