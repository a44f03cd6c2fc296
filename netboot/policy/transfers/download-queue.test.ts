import { describe, expect, it } from 'vitest'
import { DownloadQueue } from './download-queue.ts'

describe('DownloadQueue', () => {
  it('lets so many go and the others wait in their order', () => {
    const queue = new DownloadQueue(2)
    expect(['a', 'b', 'c', 'd', 'c', 'a'].map((key) => queue.enter(key, 0))).toEqual([0, 0, 1, 2, 1, 0])
    expect(queue.view(0)).toEqual([{ key: 'a', position: 0 }, { key: 'b', position: 0 }, { key: 'c', position: 1 }, { key: 'd', position: 2 }])
  })
  it('keeps a machine’s place between two chunks, and gives it on afterwards', () => {
    const queue = new DownloadQueue(1)
    queue.enter('a', 0)
    queue.leave('a', 1000)
    expect([queue.enter('b', 2000), queue.enter('a', 9000)]).toEqual([1, 0])
    queue.leave('a', 10_000)
    expect([queue.enter('b', 15_000), queue.enter('c', 21_000), queue.enter('b', 21_000)]).toEqual([1, 2, 0])
  })
  it('keeps the place of one that is still at a long chunk', () => {
    const queue = new DownloadQueue(1)
    queue.enter('a', 0)
    expect([queue.enter('b', 100_000), queue.enter('a', 200_000)]).toEqual([1, 0])
  })
  it('lets nobody overtake', () => {
    const queue = new DownloadQueue(1)
    queue.enter('a', 0)
    queue.enter('b', 0)
    queue.leave('a', 0)
    expect([queue.enter('c', 20_000), queue.enter('b', 20_000)]).toEqual([2, 0])
  })
  it('forgets one that does not come back', () => {
    const queue = new DownloadQueue(1)
    for (const key of ['a', 'b', 'c']) queue.enter(key, 0)
    expect(queue.enter('c', 30_000)).toBe(2)
    expect(queue.enter('c', 50_000)).toBe(1)
  })
  it('remembers no more than it can', () => {
    const queue = new DownloadQueue(1)
    for (let n = 0; n < 10_000; n += 1) queue.enter(String(n), 0)
    expect(queue.view(0)).toHaveLength(4097)
  })
})
