import { expect, it } from 'vitest'
import { fuzzLive } from '../fuzz/live.ts'

const mebibyte = 1024 ** 2

it('survives ten thousand hostile packets to each port and requests to each server, serving known clients in between', async () => {
  const outcome = await fuzzLive({ datagrams: 10_000, requests: 2000 })
  expect(outcome.isAlive).toBe(true)
  expect(outcome.served.clients).toBe(outcome.served.of)
  expect(outcome.exceptions.counted).toBe(outcome.exceptions.logged)
  expect(outcome.exceptions.logged).toBe(0)
  expect(outcome.errors).toEqual([])
  expect(outcome.dropped).toBeGreaterThan(10_000)
  expect(outcome.rssBytes.most - outcome.rssBytes.before).toBeLessThan(400 * mebibyte)
}, 300_000)
