import { expect, it } from 'vitest'
import { openKnownAddresses, type AddressMemory } from './known-addresses.ts'

function openMemory(): AddressMemory {
  const values = new Map<string, string>()
  return { get: (bucket, key) => values.get(`${bucket} ${key}`), put: async (bucket, key, value) => void values.set(`${bucket} ${key}`, value) }
}

it('knows an address for its user alone, also after a restart', () => {
  const memory = openMemory()
  openKnownAddresses(memory).add('admin', '10.77.0.5')
  const again = openKnownAddresses(memory)
  expect([again.has('admin', '10.77.0.5'), again.has('admin', '10.77.0.6'), again.has('other', '10.77.0.5')]).toEqual([true, false, false])
})

it('keeps the newest sixteen of a user, where one that is used again is new', () => {
  const known = openKnownAddresses(openMemory())
  for (let n = 0; n < 16; n += 1) known.add('admin', `10.77.0.${n}`)
  known.add('admin', '10.77.0.0')
  known.add('admin', '10.77.0.16')
  expect(['10.77.0.0', '10.77.0.1', '10.77.0.2', '10.77.0.16'].map((address) => known.has('admin', address))).toEqual([true, false, true, true])
})
