import type { Machine } from '#contract/operator-api'
import { openNetworkDesk, type NetworkDesk } from '#control/networks/desk'
import { openLeaseIndex, type LeaseIndex } from '#control/networks/lease-index'
import { openNetworkBook, type FactStore } from '#control/networks/network-book'
import type { Standing } from '#control/networks/network-config'
import { openSiteState, type SiteState } from '#control/networks/site-state'
import type { MachineRecord } from '#control/machines/record'
import type { Lease } from '#netboot/site'

/** The networks of the fixture: control's own desk, over stores in memory. */
export interface FixtureNetworks { readonly desk: NetworkDesk, readonly leases: LeaseIndex, readonly site: SiteState, lease(change: Partial<Lease> & { address: string }): void }

const standing: Standing = { interface: 'sc-br0', address: '10.77.0.1', cidr: '10.77.0.0/24', mode: 'full', nameServers: ['10.77.0.1'] }
const hour = 3_600_000

/** A lease for every machine that has an address of the network, and nothing else. `record` writes the journal. */
export async function openFixtureNetworks(machines: () => readonly Machine[], record: (kind: string, text: string) => void): Promise<FixtureNetworks> {
  const buckets = new Map<string, Map<string, string>>()
  const bucket = (name: string): Map<string, string> => buckets.get(name) ?? buckets.set(name, new Map()).get(name) as Map<string, string>
  const facts: FactStore = {
    get: (name, key) => bucket(name).get(key), entries: (name) => Array.from(bucket(name), ([key, value]) => ({ key, value })),
    put: async (name, key, value) => void bucket(name).set(key, value), remove: async (name, key) => void bucket(name).delete(key),
  }
  const site = openSiteState(Date.now)
  const leases = openLeaseIndex([])
  const lease: FixtureNetworks['lease'] = (change) => leases.record({ networkId: 'provisioning', mac: '3c:ec:ef:00:00:01', clientId: '', hostname: '', state: 'bound', startedAtMs: Date.now() - hour / 3, expiresAtMs: Date.now() + hour * (2 / 3), ...change })
  const desk = openNetworkDesk({
    book: await openNetworkBook(facts, standing, undefined), leases, state: site, standing, now: Date.now,
    holder: (mac) => machines().find(({ macs }) => macs.includes(mac)) as MachineRecord | undefined,
    machine: (reference) => machines().find(({ id, name, macs }) => id === reference || name === reference || macs.includes(reference)) as MachineRecord | undefined,
    cards: () => [{ name: 'sc-br0', addresses: ['10.77.0.1/24'] }, { name: 'eno2', addresses: ['10.99.0.1/24', '10.98.0.1/24'] }, { name: 'eno3', addresses: [] }],
    agentsAt: () => [], told: async (_, kind, text) => record(kind, text),
    release: async (one) => leases.record({ ...one, state: 'released', expiresAtMs: Date.now() }),
    acted: async (kind, _, text) => record(kind, text),
  })
  for (const { address, mac, name } of machines()) if (address?.startsWith('10.77.0.') === true) lease({ address, mac, hostname: name, clientId: `01${mac.replaceAll(':', '')}` })
  return { desk, leases, site, lease }
}

/** What a network in use looks like: strangers, reservations, a conflict, another server, a second network. */
export async function fillFixtureNetworks({ desk, lease, site }: FixtureNetworks): Promise<void> {
  lease({ address: '10.77.0.140', mac: '3c:ec:ef:12:80:04', hostname: 'pdu-left' })
  lease({ address: '10.77.0.141', mac: '3c:ec:ef:12:80:05', hostname: 'ada-laptop', startedAtMs: Date.now() - 5 * hour, expiresAtMs: Date.now() - 4 * hour })
  lease({ address: '10.77.0.142', mac: '3c:ec:ef:12:80:06', hostname: 'crash-cart', state: 'released', expiresAtMs: Date.now() - hour })
  lease({ address: '10.77.0.150', mac: '3c:ec:ef:12:80:07', hostname: 'sc-11', state: 'declined', expiresAtMs: Date.now() + hour / 6 })
  lease({ address: '10.77.0.151', mac: '00:0c:29:aa:01:02', state: 'conflict', expiresAtMs: Date.now() + hour / 8 })
  await desk.change('provisioning', { excluded: [{ from: '10.77.0.180', to: '10.77.0.199' }], options: [{ option: 'interface-mtu', value: 9000 }, { option: 'classless-routes', value: '10.0.0.0/8 via 10.77.0.254' }] }, 'admin')
  await desk.reserve({ client: 'manager-a', address: '10.77.0.101', hostname: '' }, 'admin')
  await desk.reserve({ client: '3c:ec:ef:12:80:99', address: '10.77.0.20', hostname: 'switch-a' }, 'admin')
  await desk.reserve({ client: '4c4c4544-0042-3510-8052-b4c04f4d3232', address: '10.77.0.21', hostname: '' }, 'admin')
  await desk.add({ cidr: '10.88.0.0/22', relayed: true, id: 'rack-2', title: 'Rack 2', leaseSeconds: 86_400 }, 'admin')
  for (let n = 0; n < 400; n += 1) lease({ networkId: 'rack-2', address: `10.88.${1 + (n >> 8)}.${n & 255}`, mac: `3c:ec:ef:40:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`, hostname: `blade-${n}` })
  site.sawServer('provisioning', { address: '10.77.0.254', mac: '3c:ec:ef:00:02:54', isHeard: true })
}
