import { expect, test } from 'vitest'
import { renderAgo, renderBytes, renderSpan } from './amount.ts'
import { makePaint, wantsColour } from './paint.ts'
import { plain, renderFacts, renderTable } from './table.ts'

test.each([[0, '0 B'], [999, '999 B'], [1500, '1.5 kB'], [21_474_836_480, '21.5 GB'], [2e18, '2000 PB']])('%i bytes are %s', (bytes, text) => expect(renderBytes(bytes)).toBe(text))
test.each([[400, '0 s'], [99_000, '99 s'], [120_000, '2 min'], [7_200_000, '2 h'], [3 * 86_400_000, '3 d']])('%i ms are %s', (ms, text) => expect(renderSpan(ms)).toBe(text))

test('times are relative; a clock that is a little ahead is "now"', () => {
  const now = Date.parse('2026-01-01T00:01:00Z')
  expect(renderAgo('2026-01-01T00:00:00Z', now)).toBe('60 s ago')
  expect(renderAgo('2026-01-01T00:01:02Z', now)).toBe('now')
  expect(renderAgo('soon', now)).toBe('')
})

test('columns are aligned whatever is coloured, and lines end without spaces', () => {
  const paint = makePaint(true)
  const table = renderTable(['NAME', 'PHASE', 'NOTE'], [['a', paint.phase('ready'), ''], ['longer', paint.phase('failed'), 'x']])
  expect(table.replaceAll(/\u001b\[\d+m/g, '')).toBe('NAME    PHASE   NOTE\na       ready\nlonger  failed  x\n')
  expect(renderTable(['A'], [])).toBe('')
})

test('what a machine says cannot drive the terminal', () => {
  expect(renderTable(['A'], [['x\u001b]0;owned\u0007\ny\u202ez']])).toBe('A\nx ]0;owned  y z\n')
  expect(plain('\u001b[31mred\u001b[0m')).toBe('\u001b[31mred\u001b[0m')
})

test('facts without a value are left out', () => expect(renderFacts([['name', 'x'], ['none', ''], ['longer', 'y']])).toBe('name    x\nlonger  y\n'))

test.each([[true, {}, true], [false, {}, false], [true, { NO_COLOR: '1' }, false], [true, { NO_COLOR: '' }, true], [true, { TERM: 'dumb' }, false]] as const)('terminal %s with %o: colour %s', (tty, env, wanted) => {
  expect(wantsColour(tty, env)).toBe(wanted)
  expect(makePaint(wanted).bad('x')).toBe(wanted ? '\u001b[31mx\u001b[0m' : 'x')
})
