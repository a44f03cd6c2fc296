import { describe, expect, test } from 'vitest'
import { bars } from './bars.ts'
import { judge, median, percentile, renderSamples, renderVerdicts, type Bar, type Sample } from './figures.ts'

const sample = (server: string, pair: number, value: number, variant = 'relay'): Sample => ({ measure: 'dhcp', variant, server, pair, values: { rate: value } })
const twice: Bar = { measure: 'dhcp', value: 'rate', rule: 'at least', limit: 2, against: 'kea' }

describe('figures', () => {
  test('medians and percentiles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
    expect(percentile([5, 1, 4, 2, 3], 0.99)).toBe(5)
    expect(percentile([], 0.5)).toBeNaN()
  })

  test('only runs of one pair are compared', () => {
    // The machine was ten times slower during the second pair, for both.
    const samples = [sample('ours', 0, 3000), sample('kea', 0, 1000), sample('ours', 1, 300), sample('kea', 1, 100), sample('ours', 2, 500)]
    const [verdict] = judge(samples, [twice])
    expect(verdict).toMatchObject({ seen: 3, pairs: 2, holds: true })
    expect(judge(samples, [{ ...twice, limit: 4 }])[0]?.holds).toBe(false)
  })

  test('what must never happen is judged by its worst run', () => {
    const samples = [sample('ours', 0, 0), sample('ours', 1, 0), sample('ours', 2, 1)]
    expect(judge(samples, [{ measure: 'dhcp', value: 'rate', rule: 'at most', limit: 0 }])[0]).toMatchObject({ seen: 1, holds: false })
  })

  test('a bar may hold two variants of ours against each other', () => {
    const samples = [sample('ours', 0, 10, 'small'), sample('ours', 0, 11, 'large')]
    expect(judge(samples, [{ measure: 'dhcp', variant: 'large', value: 'rate', rule: 'at most', limit: 1.2, ownVariant: 'small' }])[0]).toMatchObject({ seen: 1.1, holds: true })
  })

  test('a bar may be about another server than ours, and says so', () => {
    const verdicts = judge([sample('ours', 0, 3000), sample('whole control', 0, 1000), sample('kea', 0, 1000)], [twice, { ...twice, server: 'whole control' }])
    expect(verdicts.map(({ seen, holds }) => [seen, holds])).toEqual([[3, true], [1, false]])
    expect(renderVerdicts(verdicts)).toContain('| dhcp | relay, whole control | rate | 1000 |')
  })

  test('a bar without samples gives no verdict, and no bar is written twice', () => {
    expect(judge([], bars)).toEqual([])
    const keys = bars.map((bar) => JSON.stringify([bar.measure, bar.variant, bar.server, bar.value, bar.against, bar.ownVariant]))
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('tables name what misses its bar', () => {
    const samples = [sample('ours', 0, 1000), sample('kea', 0, 1000)]
    expect(renderVerdicts(judge(samples, [twice]))).toContain('| dhcp | relay | rate | 1000 | kea | 1000 | 1 × | ≥ 2 × | 1 | **misses** |')
    expect(renderSamples(samples)).toContain('| dhcp | relay | kea | 1 | rate 1000 |')
  })
})
