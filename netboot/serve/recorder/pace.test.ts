import { expect, it } from 'vitest'
import { RecorderPace } from './pace.ts'

it('leaves the blocks out while a storm fills the ring, and takes them again five calm seconds later', () => {
  const pace = new RecorderPace()
  expect([pace.took(300, 0.1), pace.took(300, 0.24), pace.filter]).toEqual([false, false, 'everything'])
  expect([pace.took(300, 0.25), pace.filter]).toEqual([true, 'noBlocks'])
  for (let calm = 0; calm < 99; calm += 1) expect(pace.took(74, 0)).toBe(false)
  expect([pace.took(75, 0), pace.filter]).toEqual([false, 'noBlocks'])
  for (let calm = 0; calm < 99; calm += 1) expect(pace.took(0, 0)).toBe(false)
  expect([pace.took(0, 0), pace.filter]).toEqual([true, 'everything'])
})
