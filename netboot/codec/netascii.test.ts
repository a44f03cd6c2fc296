import { expect, it } from 'vitest'
import { encodeNetascii } from './netascii.ts'

it.each([
  ['nothing', [], []], ['a line', [65, 10], [65, 13, 10]], ['a bare CR', [13], [13, 0]], ['CR LF', [13, 10], [13, 0, 13, 10]], ['bytes that are no text', [0, 255, 10, 10], [0, 255, 13, 10, 13, 10]],
])('encodes %s as netascii', (_, bytes, text) => expect(Array.from(encodeNetascii(Uint8Array.from(bytes)))).toEqual(text))
