import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/sim/random.ts'
import { splitLines } from './log-stream.ts'
import { TokenBuckets } from '../token-bucket.ts'

describe('splitLines', () => {
  it('makes the same lines of a text however it is cut into pieces', () => {
    const text = 'a\n\nlonger line\nend without newline'
    const random = seededRandom(5)
    for (let round = 0; round < 200; round += 1) {
      const splitter = splitLines(100, () => {})
      const lines: string[] = []
      for (let at = 0; at < text.length;) { const size = 1 + Math.floor(random() * 9); lines.push(...splitter.push(text.slice(at, at + size))); at += size }
      expect([...lines, ...splitter.end()]).toEqual(text.split('\n'))
    }
  })
  it('cuts a line that never ends, and says so once', () => {
    let cuts = 0
    const splitter = splitLines(10, () => { cuts += 1 })
    for (let piece = 0; piece < 1000; piece += 1) expect(splitter.push('xxxxxxx')).toEqual([])
    expect(splitter.push('x\nnext\n')).toEqual(['xxxxxxxxxx', 'next'])
    expect(cuts).toBe(1)
  })
})

describe('TokenBuckets', () => {
  it('grants a burst, then so many a second', () => {
    const buckets = new TokenBuckets(10, 20, 4)
    expect([buckets.take('a', 15, 0), buckets.take('a', 15, 0), buckets.take('a', 15, 500), buckets.take('b', 15, 500)]).toEqual([15, 5, 5, 15])
  })
  it('remembers no more senders than it may', () => {
    const buckets = new TokenBuckets(1, 1, 2)
    for (const key of ['a', 'b', 'c']) buckets.take(key, 1, 0)
    expect(buckets.take('c', 1, 0)).toBe(0)
    expect(buckets.take('a', 1, 0)).toBe(1)
  })
})
