import { describe, expect, it } from 'vitest'
import { chooseAddress, judgeCard, judgeServers, type Link } from './judge-card.ts'

const address = (local: string, prefixlen = 24, family = 'inet', scope = 'global') => ({ family, local, prefixlen, scope })
const link = (more: Partial<Link> = {}): Link => ({ ifname: 'eth1', flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'], link_type: 'ether', addr_info: [], wireless: false, ...more })
const loopback = link({ ifname: 'lo', link_type: 'loopback', addr_info: [address('127.0.0.1', 8, 'inet', 'host')] })

describe('judgeCard', () => {
  it('takes a wired card that is up, and one that is off where a subnet is named for it', () => {
    expect(judgeCard([loopback, link()], 'eth1', '')).toEqual({ link: link(), notes: [] })
    const off = link({ flags: ['BROADCAST'] })
    expect(judgeCard([off], 'eth1', '10.77.0.0/24')).toEqual({ link: off, notes: [] })
  })

  it('says that nothing is plugged in', () => {
    const verdict = judgeCard([link({ flags: ['NO-CARRIER', 'UP'] })], 'eth1', '')
    expect(verdict).toMatchObject({ notes: ['eth1 has no link: plug its cable in, or switch on what is at its other end'] })
  })

  it.each([
    ['no such card', [loopback, link({ ifname: 'eth0' })], '', 'this machine has eth0'],
    ['a wireless card', [link({ wireless: true })], '', 'wireless'],
    ['the loopback', [link({ ...loopback, ifname: 'eth1' })], '', 'not an Ethernet card'],
    ['a port of a bridge', [link({ master: 'br0' })], '', '--interface br0'],
    ['a card that is off', [link({ flags: [] })], '', 'ip link set eth1 up'],
    ['a network that another card stands in', [link(), link({ ifname: 'eth0', addr_info: [address('10.77.0.9', 16)] })], '10.77.0.0/24', 'eth0 stands in 10.77.0.0/24'],
  ])('refuses %s', (_, links, subnet, words) => expect(judgeCard(links, 'eth1', subnet)).toContain(words))
})

describe('chooseAddress', () => {
  it.each([
    ['the card has an address, no subnet named', [address('10.1.2.9')], '', { address: '10.1.2.9', cidr: '10.1.2.0/24', add: false }],
    ['IPv6 and link-local ones do not count', [address('fe80::1', 64, 'inet6', 'link'), address('10.1.2.9', 16)], '', { address: '10.1.2.9', cidr: '10.1.0.0/16', add: false }],
    ['the card stands in the subnet already', [address('10.77.0.5')], '10.77.0.0/24', { address: '10.77.0.5', cidr: '10.77.0.0/24', add: false }],
    ['a bare card gets the first address', [], '10.77.0.0/24', { address: '10.77.0.1', cidr: '10.77.0.0/24', add: true }],
    ['host bits in the subnet do not matter', [], '10.77.0.9/24', { address: '10.77.0.1', cidr: '10.77.0.0/24', add: true }],
  ])('%s', (_, present, subnet, wanted) => expect(chooseAddress(present, subnet, 'full')).toEqual(wanted))

  it.each([['', '--subnet'], ['10.77.0.0', 'not a subnet'], ['10.77.0.0/31', 'between'], ['fd00::/64', 'not a subnet']])('refuses %j on a card without address', (subnet, words) => {
    expect(chooseAddress([], subnet, 'full')).toContain(words)
  })

  it.each([
    ['makes up no address beside another server', [], '10.77.0.0/24', 'dhclient'],
    ['needs one even where no subnet is named', [], '', 'dhclient'],
    ['knows a prefix that is not the network’s', [address('10.77.0.5', 16)], '10.77.0.0/24', 'another network'],
    ['knows a network without room', [address('10.77.0.5', 32)], '', 'no room'],
  ])('in proxy mode %s', (_, present, subnet, words) => expect(chooseAddress(present, subnet, 'proxy')).toContain(words))
})

it.each([
  ['full beside a server', ['10.0.0.1'], 'full', { refusal: '--mode proxy' }],
  ['full alone', [], 'full', {}],
  ['proxy beside a server', ['10.0.0.1'], 'proxy', {}],
  ['proxy alone', [], 'proxy', { note: 'nobody gives addresses' }],
] as const)('judges %s', (_, others, mode, wanted) => {
  const verdict = judgeServers(others, 'eth1', mode)
  expect(Object.keys(verdict)).toEqual(Object.keys(wanted))
  for (const [key, words] of Object.entries(wanted)) expect(verdict[key as 'note']).toContain(words)
})
