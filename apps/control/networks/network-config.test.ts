import { describe, expect, it } from 'vitest'
import { broadcastsTo, freshMain, localNetworks, machineAddresses, peopledSubnets, placed, settle, viewsOf, type Standing } from './network-config.ts'

const standing: Standing = { interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24', mode: 'full', nameServers: ['9.9.9.9'] }
const stored = (set: Parameters<typeof settle>[0]['set']) => ({ ...freshMain(standing), set })

describe('the main network', () => {
  it('stands where the appliance was started, with defaults that follow from it', () => expect(settle(freshMain(standing), standing)).toEqual({
    id: 'provisioning', main: true, relayed: false, interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24', title: 'Provisioning network', policy: 'discover', mode: 'full', gateway: '10.77.0.1',
    dns: ['9.9.9.9'], ntp: ['10.77.0.1'], domain: 'lab.test', leaseSeconds: 3600, ranges: [{ from: '10.77.0.100', to: '10.77.0.199' }], excluded: [], options: [], authoritative: false, whenOtherServer: 'warn', ipv6Prefix: '',
  }))
  it('leaves its own address out where it lies in the range', () => expect(settle(freshMain(standing), { ...standing, address: '10.77.0.150' }).excluded).toEqual([{ from: '10.77.0.150', to: '10.77.0.150' }]))
  it('keeps what was set', () => expect(settle(stored({ mode: 'proxy', gateway: '', dns: [] }), standing)).toMatchObject({ mode: 'proxy', gateway: '', dns: [] }))
  it('drops addresses that were set for another subnet', () => expect(settle(stored({ gateway: '10.77.0.9', ranges: [{ from: '10.77.0.5', to: '10.77.0.6' }], leaseSeconds: 600 }), { ...standing, address: '10.1.0.1', cidr: '10.1.0.0/24' }))
    .toMatchObject({ gateway: '10.1.0.1', ranges: [{ from: '10.1.0.100', to: '10.1.0.199' }], leaseSeconds: 600 }))
  it('takes the mode of a start that says another one than before', () => {
    expect(settle(stored({ mode: 'proxy' }), standing).mode).toBe('proxy')
    expect(settle({ ...stored({ mode: 'full' }), startMode: 'full' }, { ...standing, mode: 'proxy' }).mode).toBe('proxy')
  })
})

it('netboot is told options as bytes', () => expect(viewsOf([settle(stored({ options: [{ code: 26, name: 'interface-mtu', type: 'integer', value: 9000 }] }), standing)])[0]?.options).toEqual([{ code: 26, value: Uint8Array.of(0x23, 0x28) }]))

it('netboot is told IPv6 where a prefix is set; behind a relay it boots from the address on the wire', () => {
  const views = (wire: string, far: string) => viewsOf([settle(stored({ ipv6Prefix: wire }), standing), settle({ id: 'x', cidr: '10.88.0.0/24', relayed: true, interface: 'eth0', address: '10.77.0.1', startMode: 'full', set: { ipv6Prefix: far } }, standing)]).map(({ ipv6 }) => ipv6)
  expect(views('', '')).toEqual([undefined, undefined])
  expect(views('FD00:77:0::/64', 'fd00:88::/64')).toEqual([{ prefix: 'fd00:77::/64', address: 'fd00:77::1' }, { prefix: 'fd00:88::/64', address: 'fd00:77::1' }])
  expect(views('', 'fd00:88::/64')).toEqual([undefined, undefined])
})

describe('a network behind a relay', () => {
  const stands = (device: string, relayed: boolean, address = '') => ({ id: device, cidr: '10.9.0.0/24', relayed, interface: device, address, startMode: 'full' as const, set: {} })
  const all = [freshMain({ ...standing, interface: 'before', address: '10.0.0.1' }), stands('eth1', false, '10.99.0.1'), { ...stands('eth1', false, '10.98.0.1'), id: 'beside' }]
  it.each([
    ['on the first network’s card', 'eth0', ['eth0', '10.77.0.1']], ['on another card', 'eth1', ['eth1', '10.99.0.1']],
    ['on what was the first network’s card once', 'before', ['eth0', '10.77.0.1']], ['on a card that is served no more', 'eth2', ['eth0', '10.77.0.1']],
  ])('%s is reached where the appliance stands now', (_, device, expected) => {
    const { interface: card, address } = placed(stands(device, true), all, standing)
    expect([card, address]).toEqual(expected)
  })
  it('stays at the address that its relay sends to, whatever else comes to the card', () => expect(placed(stands('eth1', true, '10.98.0.1'), all, standing).address).toBe('10.98.0.1'))
  it('is the only one that moves', () => expect(all.map((one) => placed(one, all, standing))).toEqual(all))
  it('has the IPv6 of that network on its card that has any', () => {
    const wire = (id: string, ipv6Prefix: string) => settle({ ...stands('eth1', false, '10.99.0.1'), id, set: { ipv6Prefix } }, standing)
    expect(viewsOf([wire('a', ''), wire('b', 'fd00:99::/64'), settle({ ...stands('eth1', true, '10.99.0.1'), set: { ipv6Prefix: 'fd00:89::/64' } }, standing)]).map(({ ipv6 }) => ipv6?.address)).toEqual([undefined, 'fd00:99::1', 'fd00:99::1'])
  })
})

describe('several networks', () => {
  const further = (cidr: string, address: string, relayed: boolean) => settle({ id: cidr, cidr, relayed, interface: 'eth1', address, startMode: 'full', set: {} }, { ...standing, nameServers: [] })
  const all = [settle(freshMain(standing), standing), further('10.99.0.0/24', '10.99.0.1', false), further('10.88.0.0/24', '10.77.0.1', true)]

  it('give machines the appliance on their own network for names and time', () => expect(all.map(({ dns, ntp }) => [dns, ntp])).toEqual([[['9.9.9.9'], ['10.77.0.1']], [['10.99.0.1'], ['10.99.0.1']], [['10.77.0.1'], ['10.77.0.1']]]))
  it('are served where the appliance stands; those behind a relay at its first address', () => expect(localNetworks(all)).toEqual([{ address: '10.77.0.1', allow: ['10.77.0.0/24', '10.88.0.0/24'] }, { address: '10.99.0.1', allow: ['10.99.0.0/24'] }]))
  it('are served over TLS at the address on each wire, first of all at the one that the appliance was started with', () => {
    expect(machineAddresses(all, '10.77.0.1')).toEqual(['127.0.0.1', '10.77.0.1', '10.99.0.1'])
    expect(machineAddresses([settle(freshMain({ ...standing, address: '127.0.0.1' }), { ...standing, address: '127.0.0.1' })], '127.0.0.1')).toEqual(['127.0.0.1'])
  })
  it('behind a relay on a further card send to the address there, for names and time too', () => expect(localNetworks([...all, further('10.89.0.0/24', '10.99.0.1', true)])[1]).toEqual({ address: '10.99.0.1', allow: ['10.99.0.0/24', '10.89.0.0/24'] }))
  it('are let in by services where a machine of the cloud stands in them', () => {
    expect(peopledSubnets(all, ['10.77.0.11', null])).toEqual(['10.77.0.0/24'])
    expect(peopledSubnets(all, ['10.99.0.11', '10.88.0.5', '10.5.0.1'])).toEqual(['10.77.0.0/24', '10.99.0.0/24', '10.88.0.0/24'])
  })
  it('carry a broadcast to the network of the machine, or to all where it has no address', () => {
    expect(broadcastsTo(all, '10.99.0.11')).toEqual(['10.99.0.255'])
    expect(broadcastsTo(all, '10.88.0.11')).toEqual(['10.88.0.255'])
    expect(broadcastsTo(all, null)).toEqual(['10.77.0.255', '10.99.0.255'])
  })
})
