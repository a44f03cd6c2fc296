import { expect, test } from 'vitest'
import { readSshKeys } from './read-ssh-keys.ts'

const key = `ssh-ed25519 ${'A'.repeat(68)} ada@desk`

test('keys, one a line, without comments and empty lines', () => {
  expect(readSshKeys(`# mine\n\n  ${key}\n`)).toEqual({ ok: true, value: [key] })
})

test.each([['hello', /Line 1 is not an OpenSSH public key/], [`${key}\nssh-dss AAAA`, /Line 2/], ['-----BEGIN OPENSSH PRIVATE KEY-----', /stays with you/]])('%s', (text, sentence) => {
  const read = readSshKeys(text)
  expect(read.ok ? '' : read.fault.sentence).toMatch(sentence)
})
