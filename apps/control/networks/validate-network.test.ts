import { describe, expect, it } from 'vitest'
import type { ClientMatch } from '#contract/network-api'
import { freshMain, settle, type NetworkConfig, type NetworkSettings, type Standing } from './network-config.ts'
import { validateNetwork, validateReservation } from './validate-network.ts'

const standing: Standing = { interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24', mode: 'full', nameServers: ['10.77.0.1'] }
const main = settle(freshMain(standing), standing)
const further = (set: NetworkSettings, place: { cidr?: string; relayed?: boolean; interface?: string; address?: string } = {}): NetworkConfig =>
  settle({ id: 'x', cidr: '10.88.0.0/24', relayed: true, interface: 'eth0', address: '10.77.0.1', startMode: 'full', ...place, set }, standing)
const cards = [{ name: 'eth0', addresses: ['10.77.0.1/24'] }, { name: 'eth1', addresses: ['10.99.0.1/24'] }]
const range = (from: string, to: string) => ({ from, to })
const opt = (code: number) => ({ code, name: '', type: 'hex' as const, value: '00' })

describe('a network that makes sense', () => {
  it.each<[string, NetworkConfig]>([
    ['the main one as it is at first', main],
    ['one behind a relay', further({})],
    ['one on another interface', further({}, { relayed: false, interface: 'eth1', address: '10.99.0.1', cidr: '10.99.0.0/24' })],
    ['a second one on the wire, with an address of its own', further({}, { relayed: false, interface: 'eth0', address: '10.88.0.1' })],
    ['the widest', further({}, { cidr: '11.0.0.0/8', relayed: true })],
    ['the narrowest', further({}, { cidr: '10.88.0.8/29' })],
    ['several ranges beside each other', further({ ranges: [range('10.88.0.20', '10.88.0.29'), range('10.88.0.10', '10.88.0.19')] })],
    ['no range: only reserved clients', further({ ranges: [] })],
    ['its own address excluded from the range', { ...main, ranges: [range('10.77.0.1', '10.77.0.50')], excluded: [range('10.77.0.1', '10.77.0.1')] }],
    ['no name servers, no domain', further({ dns: [], ntp: [], domain: '' })],
    ['IPv6 of its own', { ...main, ipv6Prefix: 'fd12:3456:789a:1::/64' }],
    ['the shortest lease', further({ leaseSeconds: 120 })], ['the longest lease', further({ leaseSeconds: 604_800 })],
  ])('%s', (_, network) => expect(validateNetwork(network, network.main ? [] : [main], cards).filter((one) => !one.startsWith('The ranges hold'))).toEqual([]))
})

describe('a network that makes no sense', () => {
  it.each<[string, NetworkConfig, string]>([
    ['a range outside', further({ ranges: [range('10.88.0.10', '10.88.1.10')] }), 'The range 10.88.0.10 to 10.88.1.10 is not inside 10.88.0.0/24.'],
    ['a range backwards', further({ ranges: [range('10.88.0.20', '10.88.0.10')] }), 'ends before it begins'],
    ['a range of no addresses', further({ ranges: [range('ten', '10.88.0.10')] }), 'is not made of IPv4 addresses'],
    ['a range with the broadcast address', further({ ranges: [range('10.88.0.10', '10.88.0.255')] }), 'holds the first or the last address of 10.88.0.0/24'],
    ['ranges that overlap', further({ ranges: [range('10.88.0.10', '10.88.0.20'), range('10.88.0.20', '10.88.0.30')] }), 'overlap'],
    ['an excluded range outside', further({ excluded: [range('10.77.0.10', '10.77.0.10')] }), 'The excluded range 10.77.0.10 to 10.77.0.10 is not inside 10.88.0.0/24.'],
    ['excluded ranges that overlap', further({ excluded: [range('10.88.0.1', '10.88.0.9'), range('10.88.0.5', '10.88.0.6')] }), 'overlap'],
    ['its own address in the range', { ...main, ranges: [range('10.77.0.1', '10.77.0.50')] }, "10.77.0.1 is the appliance's own address: leave it out of the range, or exclude it."],
    ['a gateway elsewhere', further({ gateway: '10.77.0.1' }), 'The gateway 10.77.0.1 is not an address of a machine in 10.88.0.0/24.'],
    ['a gateway that is the network', further({ gateway: '10.88.0.0' }), 'is not an address of a machine'],
    ['a gateway that is no address', further({ gateway: 'router' }), 'The gateway “router” is not an IPv4 address.'],
    ['a relay without a gateway', further({ gateway: '' }), 'needs its gateway'],
    ['a DNS server that is no address', further({ dns: ['dns.lab.test'] }), 'The DNS server “dns.lab.test” is not an IPv4 address.'],
    ['a time server that is no address', further({ ntp: ['1.2.3'] }), 'The time server “1.2.3” is not an IPv4 address.'],
    ['a domain with a space', further({ domain: 'lab test' }), '“lab test” is not a domain name.'],
    ['a lease too short', further({ leaseSeconds: 119 }), 'between 120 seconds and 604800 (a week), not 119'],
    ['a lease too long', further({ leaseSeconds: 604_801 }), 'not 604801'], ['half a second of lease', further({ leaseSeconds: 300.5 }), 'not 300.5'],
    ['an option twice', further({ options: [opt(26), opt(26)] }), 'Option 26 is set twice.'],
    ['an IPv6 prefix of 48 bits', { ...main, ipv6Prefix: 'fd00::/48' }, '“fd00::/48” is not an IPv6 prefix'], ['link-local IPv6', { ...main, ipv6Prefix: 'fe80::/64' }, 'is not an IPv6 prefix that machines can have addresses of'],
    ['IPv6 behind a relay, and none on the wire', further({ ipv6Prefix: 'fd00:88::/64' }), 'give the network there an IPv6 prefix first'],
    ['a blank title', further({ title: ' ' }), 'A network needs a title.'],
    ['the main one again', further({}, { cidr: '10.77.0.128/25' }), '10.77.0.128/25 overlaps the network Provisioning network (10.77.0.0/24).'],
    ['a network around the main one', further({}, { cidr: '10.0.0.0/8' }), 'overlaps'],
    ['loopback', further({}, { cidr: '127.0.0.0/8' }), 'is not a network that machines can have addresses of'], ['multicast', further({}, { cidr: '224.0.0.0/8' }), 'is not a network that machines'],
    ['too many addresses', further({ ranges: [range('11.0.0.1', '11.255.255.254')] }, { cidr: '11.0.0.0/8' }), '1048576 is the most'],
    ['an interface that is not there', further({}, { relayed: false, interface: 'eth9', address: '10.88.0.1' }), 'There is no interface “eth9” on this host. It has eth0, eth1.'],
    ['an interface without an address in it', further({}, { relayed: false, interface: 'eth1', address: '' }), 'eth1 has no address in 10.88.0.0/24: give it one first'],
    ['a second network on the wire without an address in it', further({}, { relayed: false, interface: 'eth0', address: '' }), 'eth0 has no address in 10.88.0.0/24: give it one first'],
    ['a second network on the wire of another mode', further({ mode: 'proxy' }, { relayed: false, interface: 'eth0', address: '10.88.0.1' }), "Provisioning network is on eth0 too and has mode full: networks on one interface are of one mode. Remove one of them to change the other's."],
  ])('%s', (_, network, sentence) => expect(validateNetwork(network, network.main ? [] : [main], cards).join(' ')).toContain(sentence))
})

it('IPv6 is one network’s of an interface', () => {
  const beside = further({ ipv6Prefix: 'fd00:88::/64' }, { relayed: false, interface: 'eth0', address: '10.88.0.1' })
  expect(validateNetwork(beside, [main], cards)).toEqual([])
  expect(validateNetwork(beside, [{ ...main, ipv6Prefix: 'fd00:77::/64' }], cards)).toEqual([expect.stringContaining('Provisioning network on eth0 has the IPv6 prefix fd00:77::/64: one network of an interface has IPv6')])
})

describe('a reservation', () => {
  const mac: ClientMatch = { mac: '52:54:00:00:00:01' }
  const world = { networks: [main, further({})], reservations: [{ networkId: 'provisioning', address: '10.77.0.50', match: { mac: '52:54:00:00:00:02' } }, { networkId: 'provisioning', address: '10.77.0.51', match: { uuid: 'u' } }], holder: (address: string) => (address === '10.77.0.101' ? 'node-1' : undefined) }
  it.each([['10.77.0.60', 'provisioning'], ['10.77.0.150', 'provisioning'], ['10.88.0.9', 'x']])('of %s is one of %s', (address, id) => expect(validateReservation(address, mac, world)).toMatchObject({ ok: true, network: { id } }))
  it.each<[string, ClientMatch, string]>([
    ['ten', mac, '“ten” is not an IPv4 address.'], ['10.99.0.1', mac, 'is in none of the networks: 10.77.0.0/24, 10.88.0.0/24.'], ['10.77.0.255', mac, 'the first or the last address'],
    ['10.77.0.1', mac, "the appliance's own address"], ['10.88.0.1', mac, 'is the gateway of'], ['10.77.0.50', mac, 'is reserved already'],
    ['10.77.0.61', { uuid: 'u' }, 'has a reservation on Provisioning network already: 10.77.0.51'], ['10.77.0.101', mac, 'is in use by node-1'],
  ])('of %s for %j is refused', (address, match, sentence) => expect(validateReservation(address, match, world)).toMatchObject({ ok: false, sentence: expect.stringContaining(sentence) as string }))
})
