import { expect, test } from 'vitest'
import type { Plan } from '#contract/operator-api'
import { confirmWord, decideConsent, isBlank } from './erase-consent.ts'

const plan = (name: string, contents: string | null, refusals: string[] = [], erased = true) =>
  ({ machineName: name, refusals, disk: contents === null ? null : { contents, erased } }) as unknown as Plan

test.each([
  ['a blank disk needs nothing', [plan('a', 'blank')], { kind: 'free' }],
  ['a role change without erasing needs nothing', [plan('a', 'gpt: ext4 root', [], false)], { kind: 'free' }],
  ['data needs the name', [plan('a', 'gpt: ext4 root')], { kind: 'type', word: 'a' }],
  ['contents that are not known count as data', [plan('a', '')], { kind: 'type', word: 'a' }],
  ['several machines: a tick with the number', [plan('a', 'ntfs'), plan('b', 'blank')], { kind: 'tick', erased: 1 }],
  ['a refusal wins over everything', [plan('a', 'ntfs'), plan('b', null, ['No disk.'])], { kind: 'refused', reasons: ['b: No disk.'] }],
])('%s', (_, plans, consent) => {
  expect(decideConsent(plans)).toEqual(consent)
})

test('the button says what happens', () => {
  expect(confirmWord([plan('a', 'blank')])).toBe('Erase the disk and assign')
  expect(confirmWord([plan('a', 'x', [], false)])).toBe('Assign')
  expect(confirmWord([plan('a', 'x'), plan('b', 'blank')])).toBe('Erase 2 disks and assign')
  expect(isBlank('blanket weave backup')).toBe(false)
})
