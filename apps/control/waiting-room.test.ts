import { expect, test } from 'vitest'
import { lacksRoom } from './waiting-room.ts'

test.each([
  ['there is room', { bavail: 1024, bsize: 4096, files: 1000, ffree: 500 }, false],
  ['no block is left', { bavail: 0, bsize: 4096, files: 1000, ffree: 500 }, true],
  ['a little is left, not enough for a database', { bavail: 511, bsize: 4096, files: 1000, ffree: 500 }, true],
  ['no more files may be made', { bavail: 1024, bsize: 4096, files: 1000, ffree: 3 }, true],
  ['a file system that counts no files', { bavail: 1024, bsize: 4096, files: 0, ffree: 0 }, false],
] as const)('%s', (_, stats, lacks) => expect(lacksRoom(stats)).toBe(lacks))
