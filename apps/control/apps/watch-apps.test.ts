import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { guestbook } from '../../../test/sim/operator-fixture-state.ts'
import { parseBalancerStats } from './balancer-stats.ts'
import { balancerWatch, outages } from './watch-apps.ts'

const csv = readFileSync(path.join(import.meta.dirname, '../../../test/fixtures/roles/haproxy-stats.csv'), 'utf8')

test('what HAProxy finds of each app is read by the names of its columns', () => {
  expect(Object.fromEntries(parseBalancerStats(csv))).toEqual({
    guestbook: { up: 0, trouble: 'the load balancer reaches it on no machine (node-m2: Layer4 connection problem: Connection refused; node-m3: Layer7 wrong status: Service Unavailable)' },
    shop: { up: 0, trouble: 'the load balancer reaches it on no machine (mesh: Layer4 connection problem: Connection refused)' },
    blog: { up: 1, trouble: '' },
  })
  expect(parseBalancerStats('').size).toBe(0)
  expect(parseBalancerStats('<html>,\n,,,app-x\n').size).toBe(0)
})

test('what the load balancer said counts for a while, and its silence is said of every app', () => {
  const watch = balancerWatch()
  expect(watch.sight('blog', 0)).toBeUndefined()
  watch.took({ csv }, 1000)
  expect([watch.sight('blog', 2000)?.up, watch.sight('new', 2000)?.trouble, watch.sight('blog', 60_000)]).toEqual([1, 'the load balancer does not know it yet', undefined])
  watch.took({ trouble: 'it does not answer' }, 70_000)
  expect(watch.sight('blog', 70_000)).toEqual({ up: 0, trouble: 'it does not answer' })
  watch.took(undefined, 71_000)
  expect(watch.sight('blog', 71_000)).toBeUndefined()
})

test('an outage is told once, when two looks in a row have found it, and so is its end', () => {
  const judge = outages()
  const told = (['serving', 'down', 'serving', 'down', 'down', 'down', 'unknown', 'unknown', 'down', 'down', 'serving', 'serving', 'serving'] as const)
    .map((state) => judge([{ ...guestbook('m2'), state }]).map(({ isDown }) => isDown).join())
  expect(told).toEqual(['', '', '', '', 'true', '', '', '', '', '', '', 'false', ''])
})
