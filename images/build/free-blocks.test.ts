import { describe, expect, it } from 'vitest'
import { mergeRanges, parseDumpe2fs, readFat32Free, usedPieces } from './free-blocks.ts'

describe('parseDumpe2fs', () => {
  it('reads single blocks and ranges of all groups, and joins neighbours', () => {
    const text = 'Block size:               4096\n\nGroup 0: (Blocks 0-32767)\n  Free blocks: 10-19, 30\n  Free inodes: 5-9\nGroup 1:\n  Free blocks: 31-40\n'
    expect(parseDumpe2fs(text)).toEqual([{ from: 10 * 4096, to: 20 * 4096 }, { from: 30 * 4096, to: 41 * 4096 }])
  })
  it('takes a full group, whose list is empty, as used', () => {
    expect(parseDumpe2fs('Block size: 1024\n  Free blocks: \n')).toEqual([])
  })
  it('throws without a block size', () => {
    expect(() => parseDumpe2fs('  Free blocks: 1-2\n')).toThrow('block size')
  })
})

describe('readFat32Free', () => {
  function fat32(entries: number[]): Buffer {
    const head = Buffer.alloc(512 * 4)
    head.writeUInt16LE(512, 11)
    head.writeUInt8(1, 13)
    head.writeUInt16LE(1, 14)
    head.writeUInt8(2, 16)
    head.writeUInt32LE(3 + entries.length, 32)
    head.writeUInt32LE(1, 36)
    entries.forEach((entry, index) => head.writeUInt32LE(entry, 512 + 8 + index * 4))
    return head
  }
  it('finds the clusters whose entry is zero in its 28 bits', () => {
    expect(readFat32Free(fat32([0x0fffffff, 0, 0xf0000000, 5]))).toEqual([{ from: 3 * 512 + 512, to: 3 * 512 + 3 * 512 }])
  })
  it('refuses what is not FAT32', () => {
    expect(() => readFat32Free(Buffer.alloc(512))).toThrow('not FAT32')
  })
})

describe('usedPieces', () => {
  it.each([
    ['nothing free: every piece, the last one shorter', 10, [], [[0, 4], [4, 8], [8, 10]]],
    ['a piece inside a free range is left out', 12, [[3, 9]], [[0, 4], [8, 12]]],
    ['a piece that is partly used stays', 8, [[1, 8]], [[0, 4]]],
    ['two free ranges with a used byte between', 8, [[0, 3], [4, 8]], [[0, 4]]],
    ['all free', 8, [[0, 8]], []],
  ] as const)('%s', (_, size, free, used) => {
    const ranges = free.map(([from, to]) => ({ from: from as number, to: to as number }))
    expect(usedPieces(size, 4, ranges).map(({ from, to }) => [from, to])).toEqual(used)
  })
})

it('mergeRanges sorts and joins', () => {
  expect(mergeRanges([{ from: 5, to: 6 }, { from: 0, to: 2 }, { from: 1, to: 5 }])).toEqual([{ from: 0, to: 6 }])
})
