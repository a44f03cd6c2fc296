import { expect, it } from 'vitest'
import { matchesClient, parseClient, renderClient } from './client-match.ts'

it.each([
  ['52-54-00-AB-CD-EF', { mac: '52:54:00:ab:cd:ef' }], ['5254.00ab.cdef', { mac: '52:54:00:ab:cd:ef' }], ['4C4C4544-0000-4000-8000-000000000001', { uuid: '4c4c4544-0000-4000-8000-000000000001' }],
  ['01:52:54:00:ab:cd:ef', { clientId: '01525400abcdef' }], ['id:525400abcdef', { clientId: '525400abcdef' }], ['ff00', { clientId: 'ff00' }],
])('%s is %j', (text, match) => expect(parseClient(text)).toEqual(match))
it.each(['', 'sc-01', 'id:', 'id:0', 'abc', '00000000-0000-0000-0000-000000000000x', 'id:' + 'ab'.repeat(256)])('%s is no client', (text) => expect(parseClient(text)).toBeUndefined())
it.each(['52:54:00:ab:cd:ef', '4c4c4544-0000-4000-8000-000000000001', 'id:01525400abcdef'])('%s is written as it is read', (text) => {
  const match = parseClient(text)
  expect(match && renderClient(match)).toBe(text)
})
it('matches a client by what it says', () => {
  const client = { mac: '52:54:00:ab:cd:ef', clientId: '01525400abcdef', uuid: 'u' }
  expect([{ mac: client.mac }, { clientId: client.clientId }, { uuid: 'u' }, { mac: '00:00:00:00:00:00' }, { uuid: 'v' }].map((match) => matchesClient(match, client))).toEqual([true, true, true, false, false])
  expect(matchesClient({ uuid: 'u' }, { mac: client.mac, clientId: '' })).toBe(false)
})
