import { expect, it } from 'vitest'
import { killRounds } from '../fuzz/kill-rounds.ts'

it('loses no ACKed lease and gives no address twice over 20 rounds of kill -9 in the middle of commits', async () => {
  const outcome = await killRounds({ rounds: 20 })
  expect(outcome).toMatchObject({ rounds: 20, lost: [], duplicates: [], naks: 0 })
  expect(outcome.acked).toBeGreaterThan(200)
}, 600_000)
