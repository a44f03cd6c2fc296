import { describe, expect, test } from 'vitest'
import type { BootEntry } from '#contract/blackbox-api'
import { filterEntries, formatGap, lanesOf } from './filter-entries.ts'

const entry = (lane: BootEntry['lane'], title: string, level: BootEntry['level'] = 'info'): BootEntry => ({ at: '2026-01-01T00:00:00Z', offsetMs: 0, gapMs: 0, lane, direction: 'in', title, detail: 'xid 00000007', level, count: 1, bytes: null, durationMs: null, retries: 0, seq: null })
const entries = [entry('dhcp', 'DISCOVER'), entry('arp', 'WHO-HAS', 'debug'), entry('http', 'GET /boot.ipxe')]
const all = { text: '', hidden: new Set<BootEntry['lane']>(), smallTalk: false }

describe('rows of a boot', () => {
  test('small talk is left out, but not where it is evidence', () => {
    expect(filterEntries(entries, new Set(), all).map(({ index }) => index)).toEqual([0, 2])
    expect(filterEntries(entries, new Set([1]), all).map(({ index }) => index)).toEqual([0, 1, 2])
    expect(filterEntries(entries, new Set(), { ...all, smallTalk: true })).toHaveLength(3)
  })
  test('text is looked for in lane, title and detail', () => {
    expect(filterEntries(entries, new Set(), { ...all, text: ' BOOT.ipxe' }).map(({ index }) => index)).toEqual([2])
    expect(filterEntries(entries, new Set(), { ...all, text: '00000007' })).toHaveLength(2)
  })
  test('hidden lanes stay hidden', () => expect(filterEntries(entries, new Set([0]), { ...all, hidden: new Set(['dhcp']) }).map(({ index }) => index)).toEqual([2]))
  test('lanes come in the order of a boot', () => expect(lanesOf(entries)).toEqual(['dhcp', 'http', 'arp']))
  test.each([[0.4, '0.4 ms'], [120, '120 ms'], [3812, '3.81 s'], [45_000, '45.0 s'], [240_000, '4 min']])('%d ms are “%s”', (ms, text) => expect(formatGap(ms)).toBe(text))
})
