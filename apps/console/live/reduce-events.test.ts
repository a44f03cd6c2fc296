import { expect, test } from 'vitest'
import type { JournalEvent, LogLine } from '#contract/events'
import type { Machine } from '#contract/operator-api'
import { advanceCursor, heldLogLines, isRewound, mergeEvents, mergeFetched, mergeLog, mergeMachine, mergeMachines, staleMachines } from './reduce-events.ts'

const machine = (id: string, lastSeq: number, rest: Partial<Machine> = {}) => ({ id, lastSeq, phase: 'seen', lastSeenAt: '2026-01-01T00:00:00Z', ...rest }) as Machine
const event = (seq: number, machineId: string | null = 'a') => ({ seq, machineId, kind: 'dhcp.offered', at: '', level: 'info', text: String(seq), data: {} }) as JournalEvent
const line = (seq: number, text = String(seq)): LogLine => ({ seq, at: '', source: 'kernel', level: 'info', text })
const seqs = (lines: readonly { seq: number }[]) => lines.map(({ seq }) => seq)

test('an older view of a machine never replaces a newer one', () => {
  const held = [machine('a', 5, { phase: 'ready' })]
  expect(mergeMachine(held, machine('a', 4))[0]?.phase).toBe('ready')
  expect(mergeMachine(held, machine('a', 5, { phase: 'silent' }))[0]?.phase).toBe('silent')
  expect(mergeMachine(held, machine('a', 5, { phase: 'silent', lastSeenAt: '2025-12-31T00:00:00Z' }))[0]?.phase).toBe('ready')
})

test('a new machine is added, a retired one leaves, the others keep their place', () => {
  const held = [machine('a', 1), machine('b', 1)]
  expect(mergeMachines(held, [machine('c', 2), machine('a', 2, { phase: 'retired' })]).map((each) => each.id)).toEqual(['b', 'c'])
})

test('a fetched list decides who exists, but does not undo what arrived meanwhile', () => {
  const merged = mergeFetched([machine('a', 9, { phase: 'ready' }), machine('gone', 3)], [machine('a', 8), machine('b', 1)])
  expect(merged.map((each) => [each.id, each.phase])).toEqual([['a', 'ready'], ['b', 'seen']])
})

test('replayed and live lines overlap: each is kept once, in order', () => {
  expect(seqs(mergeEvents([event(1), event(2)], [event(2), event(3)]))).toEqual([1, 2, 3])
  expect(seqs(mergeEvents([event(5)], [event(1), event(2)]))).toEqual([1, 2, 5])
  expect(seqs(mergeLog([line(0)], [line(2), line(1)]))).toEqual([0, 1, 2])
})

test('merging is the same whatever the order and however often', () => {
  const lines = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3].map((seq) => line(seq))
  const one = mergeLog([], lines)
  const two = lines.reduceRight<readonly LogLine[]>((held, each) => mergeLog(held, [each]), [])
  expect(mergeLog(one, two)).toEqual(one)
  expect(two).toEqual(one)
})

test('nothing new keeps the very same list, so nothing is drawn again', () => {
  const held = [line(1)]
  expect(mergeLog(held, [])).toBe(held)
})

test('a long log loses its oldest lines', () => {
  const merged = mergeLog([], Array.from({ length: heldLogLines + 10 }, (_, seq) => line(seq)))
  expect(merged).toHaveLength(heldLogLines)
  expect(merged[0]?.seq).toBe(10)
})

test('the cursor rises, ignores repeats and notices holes', () => {
  expect(advanceCursor(3, [event(2), event(3)])).toEqual({ cursor: 3, hole: false })
  expect(advanceCursor(3, [event(5), event(4)])).toEqual({ cursor: 5, hole: false })
  expect(advanceCursor(3, [event(6)])).toEqual({ cursor: 6, hole: true })
})

test('a journal behind ours was restored from a backup', () => {
  expect(isRewound(10, 9)).toBe(true)
  expect(isRewound(10, 10)).toBe(false)
})

test('events say whose view is out of date', () => {
  expect(staleMachines([machine('a', 5), machine('b', 9)], [event(6, 'a'), event(7, 'b'), event(8, 'new'), event(9, null), event(10, 'a')])).toEqual(['a', 'new'])
})
