import { describe, expect, it } from 'vitest'
import { chooseAddress } from './interface.ts'

const address = (local: string, prefixlen = 24, family = 'inet', scope = 'global') => ({ family, local, prefixlen, scope })

describe('chooseAddress', () => {
  it.each([
    ['the card has an address, no subnet named', [address('10.1.2.9')], '', { address: '10.1.2.9', cidr: '10.1.2.0/24', add: false }],
    ['IPv6 and link-local ones do not count', [address('fe80::1', 64, 'inet6', 'link'), address('10.1.2.9', 16)], '', { address: '10.1.2.9', cidr: '10.1.0.0/16', add: false }],
    ['the card stands in the subnet already', [address('10.77.0.5')], '10.77.0.0/24', { address: '10.77.0.5', cidr: '10.77.0.0/24', add: false }],
    ['a bare card gets the first address', [], '10.77.0.0/24', { address: '10.77.0.1', cidr: '10.77.0.0/24', add: true }],
    ['host bits in the subnet do not matter', [], '10.77.0.9/24', { address: '10.77.0.1', cidr: '10.77.0.0/24', add: true }],
  ])('%s', (_, present, subnet, wanted) => expect(chooseAddress(present, subnet)).toEqual(wanted))

  it.each([['', '--subnet'], ['10.77.0.0', 'not a subnet'], ['10.77.0.0/31', 'between'], ['fd00::/64', 'not a subnet']])('refuses %j on a card without address', (subnet, words) => {
    expect(chooseAddress([], subnet)).toContain(words)
  })
})
