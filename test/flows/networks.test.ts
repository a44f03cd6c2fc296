import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LeasePage, Network } from '#contract/network-api'
import { readIaNas } from '#netboot/codec/dhcpv6-options'
import { linkLayerDuid } from '#netboot/codec/duid'
import { askingCommand, firmwareOptions, readAnswer, solicit } from '../sim/dhcp6-client.ts'
import { openNetworksWorld, type NetworksWorld } from '../sim/networks-world.ts'

let world: NetworksWorld
const [near, far, other] = ['52:54:00:0e:00:01', '52:54:00:0e:00:02', '52:54:00:0e:00:03']

beforeAll(async () => {
  world = await openNetworksWorld()
  world.become('near', near)
  world.become('far', far)
  world.become('other', other)
})
afterAll(async () => { await world?.close() })

const api = async <T>(method: string, route: string, body?: unknown): Promise<T> => {
  const { status, value } = await world.control.api(method, route, body)
  if (status >= 400) throw new Error((value as { detail: string }).detail)
  return value as T
}
const network = (id: string): Promise<Network> => api('GET', `networks/${id}`)
const change = (id: string, patch: object): Promise<Network> => api('PATCH', `networks/${id}`, patch)
const leases = async (query: string): Promise<LeasePage['leases']> => (await api<LeasePage>('GET', `leases?${query}`)).leases

describe('the network that the appliance was started with', () => {
  it('gives an address of its pool, and shows who has it, why and until when', async () => {
    const told = await vi.waitUntil(() => world.ask('near', '-x', 'hostname:printer'), { timeout: 30_000 })
    expect(told).toMatchObject({ router: '10.77.0.1', lease: '3600', serverid: '10.77.0.1' })
    expect(await leases('network=provisioning')).toMatchObject([{ address: told['ip'], mac: near, hostname: 'printer', state: 'bound', reserved: false, machineId: null, why: 'From the pool, to a client that is no machine of the fleet.' }])
    expect(await network('provisioning')).toMatchObject({ leasesActive: 1, poolSize: 100, poolFree: 99 })
  })

  it('tells the next client what was set meanwhile, without a restart', async () => {
    await change('provisioning', { leaseSeconds: 600, gateway: '10.77.0.254', dns: ['9.9.9.9', '10.77.0.1'], ranges: [{ from: '10.77.0.20', to: '10.77.0.21' }], excluded: [{ from: '10.77.0.20', to: '10.77.0.20' }], options: [{ option: 'interface-mtu', value: 1400 }, { option: 'classless-routes', value: '10.0.0.0/8 via 10.77.0.254' }, { option: 'tzdb-timezone', value: 'Europe/Vienna' }] })
    world.become('near', '52:54:00:0e:00:11')
    expect(await world.ask('near')).toMatchObject({ ip: '10.77.0.21', lease: '600', router: '10.77.0.254', dns: '9.9.9.9 10.77.0.1', mtu: '1400', staticroutes: '10.0.0.0/8 10.77.0.254', tzdbstr: 'Europe/Vienna' })
  })

  it('says when no address is left, and gives one that a person releases', async () => {
    expect((await network('provisioning')).notices.join(' ')).toContain('The one address of Provisioning network is given out: new machines get none.')
    world.become('near', '52:54:00:0e:00:12')
    expect(await world.ask('near')).toBeUndefined()
    await api('DELETE', 'leases/10.77.0.21')
    expect(await leases('text=0.21')).toMatchObject([{ state: 'released' }])
    expect(await world.ask('near')).toMatchObject({ ip: '10.77.0.21' })
    expect(await leases('text=0.21')).toMatchObject([{ state: 'bound', mac: '52:54:00:0e:00:12' }])
  })

  it('gives a reserved address by MAC, by client id and by UUID, though none of them is in the range', async () => {
    const uuid = '4c4c4544-0042-3510-8052-b4c04f4d3232'
    await api('POST', 'reservations', { client: near, address: '10.77.0.61', hostname: 'printer-1' })
    await api('POST', 'reservations', { client: 'id:00aabbccdd', address: '10.77.0.62' })
    await api('POST', 'reservations', { client: uuid, address: '10.77.0.63' })
    world.become('near', near)
    expect(await world.ask('near')).toMatchObject({ ip: '10.77.0.61', hostname: 'printer-1' })
    world.become('near', '52:54:00:0e:00:13')
    expect(await world.ask('near', '-x', '0x3d:00aabbccdd')).toMatchObject({ ip: '10.77.0.62' })
    world.become('near', '52:54:00:0e:00:14')
    // Option 97 has the first three fields little-endian (RFC 4578 §2.3, SMBIOS 3.6 §7.2.1).
    expect(await world.ask('near', '-x', '0x61:0044454c4c4200103580 52b4c04f4d3232'.replace(' ', ''))).toMatchObject({ ip: '10.77.0.63' })
    expect((await leases('text=10.77.0.6')).map(({ address, why, reserved }) => [address, why, reserved])).toEqual(['10.77.0.61', '10.77.0.62', '10.77.0.63'].map((address) => [address, 'Reserved for this client.', true]))
    expect(await api<{ inUse: boolean }[]>('GET', 'reservations')).toMatchObject([{ inUse: true }, { inUse: true }, { inUse: true }])
  })

  it('gives no address in mode proxyDHCP and gives them again in mode full, switched while it runs', async () => {
    world.become('near', near)
    await change('provisioning', { mode: 'proxy' })
    expect(await world.ask('near')).toBeUndefined()
    await change('provisioning', { mode: 'full' })
    expect(await vi.waitUntil(() => world.ask('near'), { timeout: 30_000 })).toMatchObject({ ip: '10.77.0.61' })
  })
})

describe('IPv6 on a network', () => {
  const uuid = '00112233-4455-6677-8899-aabbccddeeff'
  const named = async (): Promise<{ mac: string; address: string | null }[]> => (await api<{ mac: string; uuid: string | null; address: string | null }[]>('GET', 'machines')).filter((one) => one.uuid === uuid)

  it('is given out once a prefix is set, without a restart, and refused where the prefix makes no sense', async () => {
    await expect(change('provisioning', { ipv6Prefix: 'fd00:77::/48' })).rejects.toThrow('write one of 64 bits')
    expect(await change('provisioning', { ipv6Prefix: 'fd00:77::/64' })).toMatchObject({ ipv6Prefix: 'fd00:77::/64' })
    // The firmware's DUID has the UUID as SMBIOS stores it.
    const asked = solicit(Uint8Array.from(Buffer.from('000433221100554477668899aabbccddeeff', 'hex')), firmwareOptions('PXEClient:Arch:00007:UNDI:003000', 7))
    world.become('near', near)
    // There is no boot file here: firmware gets no answer, but is seen. The kernel lets its link-local address be used after a while.
    await vi.waitUntil(async () => { await world.run('near', ['timeout', '2', ...askingCommand(asked)]).catch(() => ''); return (await named()).length > 0 }, { timeout: 60_000 })
    expect(await named()).toMatchObject([{ mac: near, address: null }])
    expect(readIaNas(readAnswer(await world.run('near', askingCommand(solicit(linkLayerDuid(near), [])))).message.options)).toMatchObject([{ addresses: [{ address: expect.stringMatching(/^fd00:77:/) as string }] }])
  })

  it('is of the machine that asks by IPv4', async () => {
    const told = await world.ask('near', '-V', 'PXEClient:Arch:00007:UNDI:003000', '-x', '0x5d:0007', '-x', `0x61:0033221100554477668899aabbccddeeff`) ?? await world.ask('near')
    expect(await named()).toMatchObject([{ mac: near, address: told?.['ip'] }])
  })

  it('ends when the prefix is taken away', async () => {
    await change('provisioning', { ipv6Prefix: '' })
    const isServed = (): Promise<boolean> => world.run('near', ['timeout', '3', ...askingCommand(solicit(linkLayerDuid(near), []))]).then(() => true, () => false)
    await vi.waitUntil(async () => !(await isServed()), { timeout: 30_000 })
  })
})

describe('a network behind a relay', () => {
  it('gives nothing before it is there, and once it is added, without a restart, a reserved address with settings of its own', async () => {
    expect(await world.ask('far')).toBeUndefined()
    expect(await api('POST', 'networks', { cidr: '10.88.0.0/24', relayed: true, id: 'rack-2', title: 'Rack 2', domain: 'rack2.test', leaseSeconds: 1200 })).toMatchObject({ gateway: '10.88.0.1', address: '10.77.0.1' })
    await api('POST', 'reservations', { client: far, address: '10.88.0.33', hostname: 'far-1' })
    expect(await vi.waitUntil(() => world.ask('far'), { timeout: 30_000 })).toMatchObject({ ip: '10.88.0.33', router: '10.88.0.1', domain: 'rack2.test', hostname: 'far-1', lease: '1200' })
    expect(await leases('network=rack-2')).toMatchObject([{ address: '10.88.0.33', mac: far, reserved: true, state: 'bound' }])
    expect((await leases('network=provisioning')).some(({ mac }) => mac === far)).toBe(false)
  })

  it('keeps its networks, reservations and leases over a kill', async () => {
    await world.control.restart()
    expect(await leases('network=rack-2')).toMatchObject([{ address: '10.88.0.33' }])
    world.become('far', '52:54:00:0e:00:21')
    const told = await vi.waitUntil(() => world.ask('far'), { timeout: 30_000 })
    expect(told['ip']).toMatch(/^10\.88\.0\.1\d\d$/)
    world.become('far', far)
    expect(await world.ask('far')).toMatchObject({ ip: '10.88.0.33' })
  })

  it('is not removed while clients have addresses of it, and forced, gives nothing more', async () => {
    await expect(api('DELETE', 'networks/rack-2')).rejects.toThrow('2 clients have addresses of Rack 2')
    await api('DELETE', 'networks/rack-2?force=true')
    expect(await world.ask('far')).toBeUndefined()
    expect((await leases('')).some(({ networkId }) => networkId === 'rack-2')).toBe(false)
  })
})

describe('a network on another card of the host', () => {
  it('is served once it is added, without a restart, and its clients are given its own server', async () => {
    expect(await api('GET', 'host-interfaces')).toMatchObject([{ name: 'eth0', addresses: ['10.77.0.1/24'], networkId: 'provisioning' }, { name: 'eth1', addresses: ['10.99.0.1/24'], networkId: null }])
    await expect(api('POST', 'networks', { cidr: '10.98.0.0/24', interface: 'eth1' })).rejects.toThrow('eth1 has no address in 10.98.0.0/24')
    await api('POST', 'networks', { cidr: '10.99.0.0/24', interface: 'eth1', id: 'second' })
    const told = await vi.waitUntil(() => world.ask('other'), { timeout: 30_000 })
    expect(told).toMatchObject({ router: '10.99.0.1', serverid: '10.99.0.1' })
    expect(told['ip']).toMatch(/^10\.99\.0\.1\d\d$/)
    expect(await leases('network=second')).toMatchObject([{ mac: other }])
    // TLS is at the address there, and, for machines that were told so before, through their router at the first one.
    for (const address of ['10.99.0.1', '10.77.0.1']) await vi.waitUntil(async () => /^[1-5]\d\d$/.test(await world.fetch('other', told, `https://${address}:${world.control.machinePort}/`)), { timeout: 30_000 })
  })
})

describe('mode proxyDHCP without a DHCP server', () => {
  it('is said in /healthz and of the network, and no more once addresses are given', async () => {
    await change('provisioning', { mode: 'proxy' })
    const health = async (): Promise<string> => ((await world.control.api('GET', '/healthz')).value as { detail: string }).detail
    await vi.waitUntil(async () => (await health()).includes('Nobody gives addresses on Provisioning network'), { timeout: 60_000, interval: 500 })
    expect((await network('provisioning')).notices.join(' ')).toContain('Start that server, or use mode full.')
    expect((await api<{ warnings: string[] }>('GET', 'status')).warnings.join(' ')).toContain('Nobody gives addresses on Provisioning network')
    await change('provisioning', { mode: 'full' })
    await vi.waitUntil(async () => (await health()) === 'running', { timeout: 30_000, interval: 200 })
  })
})

describe('a machine on another card of the host', () => {
  it('is woken on its own network', async () => {
    // There is no boot file here: its firmware gets no answer, but is seen.
    await world.ask('other', '-V', 'PXEClient:Arch:00007:UNDI:003016', '-x', '0x5d:0007')
    const told = await vi.waitUntil(() => world.ask('other'), { timeout: 30_000 })
    await world.fetch('other', told, 'http://10.99.0.1/')
    const machine = await vi.waitUntil(async () => (await api<{ id: string; mac: string; address: string | null }[]>('GET', 'machines')).find(({ mac, address }) => mac === other && address === told['ip']), { timeout: 30_000, interval: 200 })
    await api('PUT', `machines/${machine.id}/power-driver`, { driver: 'wake-on-lan' })
    const heard = world.hear('other', 9)
    // The last asking may outlive the world.
    const asking = setInterval(() => void api('POST', `machines/${machine.id}/power`, { act: 'on' }).catch(() => undefined), 1000)
    const packet = await heard.finally(() => clearInterval(asking))
    expect(packet.subarray(0, 12).toString('hex')).toBe(`ffffffffffff${other.replaceAll(':', '')}`)
  })
})

describe('a network behind a relay on another card of the host', () => {
  it('is served from the address there once it is added, and keeps the network that it needs', async () => {
    await expect(api('POST', 'networks', { cidr: '10.89.0.0/24', relayed: true, interface: 'eth2' })).rejects.toThrow('No network is served on eth2 itself: add that one first.')
    world.relayBeyond()
    expect(await world.ask('beyond')).toBeUndefined()
    expect(await api('POST', 'networks', { cidr: '10.89.0.0/24', relayed: true, interface: 'eth1', id: 'rack-9', title: 'Rack 9' })).toMatchObject({ interface: 'eth1', address: '10.99.0.1', gateway: '10.89.0.1', ntp: ['10.99.0.1'] })
    const told = await vi.waitUntil(() => world.ask('beyond'), { timeout: 30_000 })
    expect(told).toMatchObject({ ip: expect.stringMatching(/^10\.89\.0\.1\d\d$/) as string, router: '10.89.0.1', serverid: '10.99.0.1' })
    expect(await leases('network=rack-9')).toMatchObject([{ address: told['ip'], state: 'bound' }])
    expect(await world.fetch('beyond', told, 'http://10.99.0.1/boot.ipxe')).toBe('200')
    await expect(api('DELETE', 'networks/second?force=true')).rejects.toThrow("Rack 9 is behind a relay that sends to this network's address: remove it first.")
  })
})

describe('two networks on one card of the host', () => {
  it('give a new client an address of the first that has one left, and its server and router with it', async () => {
    await expect(api('POST', 'networks', { cidr: '10.98.0.0/24', interface: 'eth1' })).rejects.toThrow('eth1 has no address in 10.98.0.0/24: give it one first')
    world.addAddress('10.98.0.1/24')
    expect(await api('GET', 'host-interfaces')).toMatchObject([{ free: [] }, { addresses: ['10.99.0.1/24', '10.98.0.1/24'], networkId: 'second', free: ['10.98.0.1/24'] }])
    await expect(api('POST', 'networks', { cidr: '10.98.0.0/24', interface: 'eth1', mode: 'proxy' })).rejects.toThrow('networks on one interface are of one mode')
    await api('POST', 'networks', { cidr: '10.98.0.0/24', interface: 'eth1', id: 'third' })
    await change('second', { ranges: [{ from: '10.99.0.200', to: '10.99.0.200' }] })
    world.become('other', '52:54:00:0e:00:41')
    expect(await vi.waitUntil(() => world.ask('other'), { timeout: 30_000 })).toMatchObject({ ip: '10.99.0.200', serverid: '10.99.0.1' })
    world.become('other', '52:54:00:0e:00:42')
    const told = await vi.waitUntil(() => world.ask('other'), { timeout: 30_000 })
    expect(told).toMatchObject({ ip: expect.stringMatching(/^10\.98\.0\.1\d\d$/) as string, router: '10.98.0.1', serverid: '10.98.0.1' })
    await vi.waitUntil(() => world.fetch('other', told, 'http://10.98.0.1/boot.ipxe').then((status) => status === '200', () => false), { timeout: 30_000 })
    await change('second', { ranges: null })
    expect(await world.ask('other')).toMatchObject({ ip: told['ip'] })
    await api('POST', 'reservations', { client: '52:54:00:0e:00:43', address: '10.98.0.33' })
    world.become('other', '52:54:00:0e:00:43')
    expect(await world.ask('other')).toMatchObject({ ip: '10.98.0.33', serverid: '10.98.0.1' })
    expect((await leases('network=third')).map(({ address }) => address).sort()).toEqual([told['ip'], '10.98.0.33'].sort())
    // A kill later both are there again, and so is the relay behind the card.
    await world.control.restart()
    expect(await vi.waitUntil(() => world.ask('other'), { timeout: 30_000 })).toMatchObject({ ip: '10.98.0.33' })
    expect(await vi.waitUntil(() => world.ask('beyond'), { timeout: 30_000 })).toMatchObject({ serverid: '10.99.0.1' })
  })
})

describe('what disturbs a network', () => {
  const notices = async (): Promise<string> => (await network('provisioning')).notices.join(' ')

  it('is an address that somebody uses already: shown as a conflict until the address is excluded and released', async () => {
    await change('provisioning', { ranges: [{ from: '10.77.0.50', to: '10.77.0.52' }], excluded: [] })
    await vi.waitUntil(async () => (await network('provisioning')).conflicts === 1, { timeout: 30_000, interval: 200 })
    expect(await leases('network=provisioning&state=conflict')).toMatchObject([{ address: '10.77.0.50', state: 'conflict', why: expect.stringContaining('answers on this address and was never given it') as string }])
    expect(await notices()).toContain('1 address of Provisioning network is in conflict')
    await change('provisioning', { excluded: [{ from: '10.77.0.50', to: '10.77.0.50' }] })
    await api('DELETE', 'leases/10.77.0.50')
    expect(await network('provisioning')).toMatchObject({ conflicts: 0, poolSize: 2 })
  })

  it('is another DHCP server: warned of, or reason to give nothing, as a person set', async () => {
    await change('provisioning', { ranges: null, excluded: null, options: [], gateway: null, dns: null })
    await world.endRelay()
    const theirs = world.help('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', `--pid-file=${world.control.home}/theirs.pid`, '--interface=br0', '--bind-interfaces', '--no-ping', `--dhcp-leasefile=${world.control.home}/theirs`, '--dhcp-range=10.77.0.60,10.77.0.69,255.255.255.0,1h')
    await vi.waitUntil(async () => (await network('provisioning')).otherServers.includes('10.77.0.50'), { timeout: 90_000, interval: 500 })
    expect(await notices()).toMatch(/^Another DHCP server answers on Provisioning network: 10\.77\.0\.50 \([0-9a-f:]{17}\)\. Turn it off, or use mode proxy\./)
    await change('provisioning', { whenOtherServer: 'refuse' })
    expect(await notices()).toContain('No addresses are given on Provisioning network: another DHCP server, 10.77.0.50')
    expect((await api<{ warnings: string[] }>('GET', 'status')).warnings.join(' ')).toContain('No addresses are given on Provisioning network')
    world.become('near', '52:54:00:0e:00:31')
    expect(await world.ask('near')).toMatchObject({ serverid: '10.77.0.50' })
    // From mode full, which asks often, to the mode in which the other server is wanted.
    await change('provisioning', { mode: 'proxy' })
    await vi.waitUntil(async () => (await network('provisioning')).addressServers.length > 0, { timeout: 90_000, interval: 500 })
    expect(await network('provisioning')).toMatchObject({ addressServers: [{ address: '10.77.0.50', gateway: '10.77.0.50', bootFile: '' }], notices: [] })
    await change('provisioning', { mode: 'full' })
    await theirs.end()
    await vi.waitUntil(async () => (await network('provisioning')).otherServers.length === 0, { timeout: 90_000, interval: 500 })
    expect(await vi.waitUntil(() => world.ask('near'), { timeout: 60_000 })).toMatchObject({ serverid: '10.77.0.1' })
  })
})
