import { expect, test } from 'vitest'
import type { LogLine } from '#contract/events'
import { filterLog } from './filter-log.ts'

const line = (seq: number, level: LogLine['level'], source: LogLine['source'], text: string): LogLine => ({ seq, at: '', level, source, text })
const lines = [line(1, 'debug', 'kernel', 'virtio_net'), line(2, 'warn', 'kernel', 'TSC unstable'), line(3, 'error', 'agent', 'refused')]
const seqs = (shown: readonly LogLine[]) => shown.map(({ seq }) => seq)

test('nothing asked gives the very same list', () => {
  expect(filterLog(lines, { text: ' ', level: 'debug', source: '' })).toBe(lines)
})

test('level, source and text narrow together', () => {
  expect(seqs(filterLog(lines, { text: '', level: 'warn', source: '' }))).toEqual([2, 3])
  expect(seqs(filterLog(lines, { text: '', level: 'debug', source: 'kernel' }))).toEqual([1, 2])
  expect(seqs(filterLog(lines, { text: 'tsc', level: 'info', source: 'kernel' }))).toEqual([2])
})
