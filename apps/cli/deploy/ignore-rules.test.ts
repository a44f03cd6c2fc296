import { expect, test } from 'vitest'
import { isIgnored, parseIgnore } from './ignore-rules.ts'

test.each([
  ['*.log', 'a.log', false, true], ['*.log', 'deep/a.log', false, true], ['*.log', 'a.logs', false, false],
  ['/a.log', 'a.log', false, true], ['/a.log', 'deep/a.log', false, false], ['docs/a', 'docs/a', false, true], ['docs/a', 'x/docs/a', false, false],
  ['build/', 'build', true, true], ['build/', 'build', false, false], ['build/', 'x/build', true, true],
  ['**/tmp', 'a/b/tmp', true, true], ['a/**/z', 'a/z', false, true], ['a/**/z', 'a/b/c/z', false, true], ['a/**', 'a/b', false, true], ['a/**', 'a', true, false],
  ['?.py', 'a.py', false, true], ['?.py', 'ab.py', false, false], ['[ab].py', 'b.py', false, true], ['[!ab].py', 'b.py', false, false],
  ['# note', '# note', false, false], [String.raw`\#x`, '#x', false, true], ['a+(b).txt', 'a+(b).txt', false, true], ['a.c', 'abc', false, false],
  ['*.log\n!keep.log', 'keep.log', false, false], ['!keep.log\n*.log', 'keep.log', false, true], ['x.txt  ', 'x.txt', false, true], ['x.txt\r', 'x.txt', false, true], ['[', '[', false, true],
])('%j and %s (folder: %s): %s', (rules, path, isFolder, ignored) => expect(isIgnored(parseIgnore(rules), path, isFolder)).toBe(ignored))
