import { expect, test } from 'vitest'
import { asSentence, formatAgo, formatBytes, formatMemory, formatRate, formatSpan, plural, safeText, splitName } from './format.ts'

test.each([[0, '0 B'], [999, '999 B'], [20_000_000_000, '20 GB'], [21_474_836_480, '21.5 GB'], [1_920_383_410_176, '1.92 TB'], [41_234_567, '41.2 MB']])('%d bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('memory counts in 1024 and rates carry their unit', () => {
  expect(formatMemory(2 * 1024 ** 3)).toBe('2 GiB')
  expect(formatRate(41_234_567)).toBe('41.2 MB/s')
})

test.each([[-5, '0 s'], [42_000, '42 s'], [185_000, '3 min 05 s'], [7_440_000, '2 h 04 min'], [442_800_000, '5 d 3 h']])('%d ms', (ms, text) => {
  expect(formatSpan(ms)).toBe(text)
})

test('ages', () => {
  const now = Date.parse('2026-01-01T00:10:00Z')
  expect(formatAgo('2026-01-01T00:09:58Z', now)).toBe('now')
  expect(formatAgo('2026-01-01T00:05:00Z', now)).toBe('5 min ago')
  expect(formatAgo('never', now)).toBe('')
})

test('remarks become sentences', () => {
  expect(asSentence('the only usable disk')).toBe('The only usable disk.')
  expect(asSentence('Done.')).toBe('Done.')
  expect(asSentence('sc-07 has no disk')).toBe('sc-07 has no disk.')
  expect(asSentence('')).toBe('')
})

test('a machine cannot reorder or hide text', () => {
  expect(safeText('a\u202eb\u0007c\u200bd')).toBe('a·b·c·d')
  expect(plural(1, 'machine')).toBe('1 machine')
})

test('a long name is cut in its middle: its end tells it from the others of its rack', () => {
  expect(splitName('manager-a')).toEqual(['', 'manager-a'])
  expect(splitName('eu-1-rack-17-blade-12-compute-07')).toEqual(['eu-1-rack-17-blade-12-', 'compute-07'])
})
