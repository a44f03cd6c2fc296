import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { JournalEvent, LogLine } from '#contract/events'
import type { Image } from '#contract/operator-api'
import { keys } from '../api/queries.ts'
import { Inbox } from './inbox.ts'

const event = (seq: number, machineId: string | null = null): JournalEvent => ({ seq, at: '', machineId, kind: 'test.happened', level: 'info', text: String(seq), data: {} })
const line = (seq: number): LogLine => ({ seq, at: '', source: 'kernel', level: 'info', text: String(seq) })
const image: Image = { id: 'ramdisk', title: 'Ramdisk', kind: 'ramdisk', state: 'building', step: 'packing', percent: 10, sizeBytes: null, hash: null, builtAt: null, error: null }

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

test('messages wait for one another and are merged at once, also those sent twice', () => {
  const client = new QueryClient()
  const inbox = new Inbox(client, 4)
  inbox.receive('log', { machineId: 'a', lines: [line(2)] })
  inbox.receive('log', { machineId: 'a', lines: [line(1), line(2)] })
  inbox.receive('events', [event(5), event(6)])
  inbox.receive('events', [event(6)])
  expect(client.getQueryData(keys.log('a'))).toBeUndefined()
  vi.advanceTimersByTime(100)
  expect(client.getQueryData<LogLine[]>(keys.log('a'))?.map(({ seq }) => seq)).toEqual([1, 2])
  expect(client.getQueryData<JournalEvent[]>(keys.activity)?.map(({ seq }) => seq)).toEqual([5, 6])
  expect(inbox.cursor).toBe(6)
})

test('a hole in the journal, a machine that is behind and one that was forgotten lead to a fetch of the list', () => {
  for (const [first, asked] of [[event(9), true], [{ ...event(5), kind: 'machine.forgotten' }, true], [event(5, 'new'), true], [event(5), false]] as const) {
    const client = new QueryClient()
    const inbox = new Inbox(client, 4)
    const invalidate = vi.spyOn(client, 'invalidateQueries')
    inbox.receive('events', [first])
    vi.advanceTimersByTime(2000)
    expect(invalidate.mock.calls.length > 0).toBe(asked)
  }
})

test('an image replaces its older view and garbage is never kept', () => {
  const client = new QueryClient()
  const inbox = new Inbox(client, 0)
  client.setQueryData(keys.images, [{ ...image, percent: 0 }])
  inbox.receive('image', image)
  inbox.receive('image', { id: 'evil', percent: '<b>' })
  inbox.receive('machine', null)
  vi.advanceTimersByTime(100)
  expect(client.getQueryData(keys.images)).toEqual([image])
})
