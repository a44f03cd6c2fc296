import { expect, it } from 'vitest'
import { fuzzCodec } from './codecs.ts'
import { protocols } from './corpus.ts'

it.each(protocols)('the codec of %s throws at none of ten thousand hostile packets, and reads some of them', (protocol) => {
  const outcome = fuzzCodec(protocol, 10_000)
  expect(outcome.thrown).toEqual([])
  expect(outcome.read).toBeGreaterThan(10)
}, 60_000)
