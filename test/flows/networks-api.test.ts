import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '#cli/run'
import type { Terminal } from '#cli/terminal'
import type { JournalEvent } from '#contract/events'
import type { LeasePage, Network, Reservation } from '#contract/network-api'
import { ControlProcess } from '../sim/control-process.ts'

let control: ControlProcess

beforeAll(async () => {
  control = await ControlProcess.make()
  await control.start()
})
afterAll(async () => { await control?.remove() })

const ask = async <T>(method: string, route: string, body?: unknown): Promise<{ status: number; value: T; detail: string }> => {
  const { status, value } = await control.api(method, route, body)
  return { status, value: value as T, detail: (value as { detail?: string } | undefined)?.detail ?? '' }
}

it('has the network that it was started with, which cannot be removed', async () => {
  const { value } = await ask<Network[]>('GET', 'networks')
  expect(value).toMatchObject([{ id: 'provisioning', main: true, mode: 'full', policy: 'discover', leasesActive: 0, poolSize: 100, poolFree: 100, otherServers: [] }])
  expect((await ask('DELETE', 'networks/provisioning')).detail).toContain('is where the appliance was started and stays')
  expect((await ask('GET', 'networks/nowhere')).detail).toBe('There is no network “nowhere”. There are: provisioning.')
})

it('takes every setting, keeps it over a kill, and sets the default again', async () => {
  const wish = { title: 'Lab', mode: 'proxy', policy: 'ignore', dns: ['9.9.9.9'], domain: 'rack.test', leaseSeconds: 600, ranges: [{ from: '127.0.0.10', to: '127.0.0.20' }], excluded: [{ from: '127.0.0.15', to: '127.0.0.15' }], authoritative: true, whenOtherServer: 'refuse', options: [{ option: 'interface-mtu', value: '9000' }, { option: 'classless-routes', value: '10.0.0.0/8 via 127.0.0.9' }] }
  const set = { ...wish, options: [{ code: 26, name: 'interface-mtu', type: 'integer', value: 9000 }, { code: 121, name: 'classless-routes', type: 'routes', value: ['10.0.0.0/8 via 127.0.0.9'] }] }
  expect((await ask('PATCH', 'networks/provisioning', wish)).value).toMatchObject(set)
  await control.restart()
  expect((await ask('GET', 'networks/provisioning')).value).toMatchObject({ ...set, poolSize: 10 })
  expect((await ask('PATCH', 'networks/provisioning', { ranges: null, excluded: null, dns: null, mode: 'full' })).value).toMatchObject({ mode: 'full', ranges: [{ from: '127.0.0.100', to: '127.0.0.199' }], title: 'Lab' })
})

it.each([
  [{ ranges: [{ from: '10.0.0.1', to: '10.0.0.9' }] }, 422, 'The range 10.0.0.1 to 10.0.0.9 is not inside 127.0.0.0/24.'], [{ leaseSeconds: 5 }, 422, 'A lease lasts between 120 seconds'],
  [{ options: [{ option: 'interface-mtu', value: 'wide' }] }, 422, 'takes a whole number of at most 65535, not “wide”'], [{ gateway: '10.0.0.1' }, 422, 'The gateway 10.0.0.1 is not'],
  [{ mode: 'half' }, 400, 'mode'], [{ colour: 'red' }, 400, 'colour'], [{ dns: Array.from({ length: 9 }, () => '1.1.1.1') }, 400, 'dns'],
])('refuses %j with %i', async (patch, status, sentence) => {
  const before = await ask('GET', 'networks/provisioning')
  const answer = await ask('PATCH', 'networks/provisioning', patch)
  expect(answer.status).toBe(status)
  expect(answer.detail).toContain(sentence)
  expect((await ask('GET', 'networks/provisioning')).value).toEqual(before.value)
})

it('serves a further network behind a relay until it is removed', async () => {
  expect((await ask('POST', 'networks', { cidr: '127.0.0.128/25', relayed: true })).status).toBe(422)
  expect((await ask('POST', 'networks', { cidr: '10.88.0.0/24' })).detail).toContain('Say on which interface')
  expect((await ask('POST', 'networks', { cidr: '10.88.0.0/24', interface: 'nope0' })).detail).toContain('There is no interface “nope0”')
  expect((await ask('POST', 'networks', { cidr: '10.88.0.0/24', relayed: true, interface: 'nope0' })).detail).toBe("No network is served on nope0 itself: add that one first. Machines behind a relay boot from the appliance's address there.")
  expect(await ask('POST', 'networks', { cidr: '10.88.0.7/24', relayed: true, id: 'rack-2', title: 'Rack 2' })).toMatchObject({ status: 201, value: { id: 'rack-2', cidr: '10.88.0.0/24', gateway: '10.88.0.1', relayed: true, main: false } })
  expect((await ask('POST', 'networks', { cidr: '10.89.0.0/24', relayed: true, id: 'rack-2' })).status).toBe(409)
  expect((await ask<Network[]>('GET', 'networks')).value.map(({ id }) => id)).toEqual(['provisioning', 'rack-2'])
  expect((await ask<{ cells: unknown[] }>('GET', 'networks/rack-2/pool')).value.cells).toHaveLength(256)
})

it('keeps an address for a client named in any way, and says why not', async () => {
  expect(await ask('POST', 'reservations', { client: '52-54-00-00-00-01', address: '10.88.0.20', hostname: 'db-1' })).toMatchObject({ status: 201, value: { networkId: 'rack-2', match: { mac: '52:54:00:00:00:01' }, hostname: 'db-1', inUse: false, by: 'root' } })
  expect(await ask('POST', 'reservations', { client: 'id:01aabb', address: '10.88.0.21' })).toMatchObject({ value: { match: { clientId: '01aabb' } } })
  expect(await ask('POST', 'reservations', { client: '4c4c4544-0000-4000-8000-000000000001', address: '10.88.0.22' })).toMatchObject({ value: { match: { uuid: '4c4c4544-0000-4000-8000-000000000001' } } })
  for (const [client, address, sentence] of [['nobody', '10.88.0.30', '“nobody” is no client'], ['52:54:00:00:00:02', '10.88.0.20', 'is reserved already'], ['52:54:00:00:00:01', '10.88.0.23', 'has a reservation on Rack 2 already: 10.88.0.20'], ['52:54:00:00:00:02', '10.88.0.1', 'is the gateway'], ['52:54:00:00:00:02', '10.90.0.1', 'is in none of the networks']] as const)
    expect((await ask('POST', 'reservations', { client, address })).detail).toContain(sentence)
  expect(await ask('PUT', 'reservations/10.88.0.20', { client: '52:54:00:00:00:01', address: '10.88.0.20', hostname: 'db-2' })).toMatchObject({ status: 200, value: { address: '10.88.0.20', hostname: 'db-2', by: 'root' } })
  expect(await ask('PUT', 'reservations/10.88.0.20', { client: '52:54:00:00:00:03', address: '10.88.0.24' })).toMatchObject({ status: 200, value: { address: '10.88.0.24', match: { mac: '52:54:00:00:00:03' }, hostname: '' } })
  expect((await ask<Reservation[]>('GET', 'reservations')).value.map(({ address }) => address).sort()).toEqual(['10.88.0.21', '10.88.0.22', '10.88.0.24'])
  for (const [of, client, address, sentence] of [['10.88.0.20', '52:54:00:00:00:03', '10.88.0.24', '10.88.0.20 is not reserved'], ['10.88.0.24', '52:54:00:00:00:03', '10.88.0.22', '10.88.0.22 is reserved already'], ['10.88.0.24', 'id:01aabb', '10.88.0.24', 'has a reservation on Rack 2 already: 10.88.0.21'], ['10.88.0.24', 'nobody', '10.88.0.24', '“nobody” is no client']] as const)
    expect((await ask('PUT', `reservations/${of}`, { client, address })).detail).toContain(sentence)
  // A change that changes nothing is no event.
  for (const of of ['10.88.0.24', '10.88.0.20']) expect((await ask('PUT', `reservations/${of}`, { client: '52:54:00:00:00:01', address: '10.88.0.20', hostname: 'db-1' })).status).toBe(200)
  expect((await ask('DELETE', 'reservations/10.88.0.21')).status).toBe(204)
  expect((await ask('DELETE', 'reservations/10.88.0.21')).status).toBe(404)
  await control.restart()
  expect((await ask<Reservation[]>('GET', 'reservations?network=rack-2')).value.map(({ address }) => address)).toEqual(['10.88.0.20', '10.88.0.22'])
  expect(await ask('DELETE', 'networks/rack-2')).toMatchObject({ status: 200, value: { cutOff: [] } })
  expect((await ask<Reservation[]>('GET', 'reservations')).value).toEqual([])
})

describe('the command line', () => {
  const type = async (...words: string[]): Promise<{ code: number; out: string; err: string }> => {
    const said = { out: '', err: '' }
    const terminal: Terminal = {
      out: (text) => { said.out += text }, err: (text) => { said.err += text }, outIsTty: false, errIsTty: false, inIsTty: false, env: { SYSTEM_CLOUD_RUN: path.join(control.home, 'run'), HOME: control.home }, isRoot: true, now: () => Date.now(),
      ask: async () => undefined, readAll: async () => '', interrupted: new AbortController().signal,
    }
    return { code: await run(words, terminal), ...said }
  }
  beforeAll(() => writeFileSync(path.join(control.home, 'run/appliance.json'), JSON.stringify({ socket: path.join(control.home, 'run/operator.sock'), url: 'https://127.0.0.1:1', dataDir: control.home })))

  it('lists, adds, sets, shows and removes networks', async () => {
    expect((await type('networks')).out).toMatch(/^provisioning +\(?.*127\.0\.0\.0\/24 +127\.0\.0\.1 +full +ignore +0 of 100/m)
    expect((await type('networks', 'add', '10.91.0.0/24')).code).toBe(2)
    expect((await type('networks', 'add', '10.91.0.0/24', 'gateway=10.92.0.1', '--relayed')).err).toContain('The gateway 10.92.0.1 is not an address of a machine in 10.91.0.0/24.')
    expect(JSON.parse((await type('networks', 'add', '10.91.0.0/24', 'title=Rack 9', 'lease=1d', 'option.interface-mtu=9000', '--relayed', '--id', 'rack-9', '--json')).out)).toMatchObject({ id: 'rack-9', title: 'Rack 9', leaseSeconds: 86_400, options: [{ name: 'interface-mtu', value: 9000 }] })
    const set = await type('networks', 'set', 'rack-9', 'ranges=10.91.0.10-10.91.0.20,10.91.0.30-10.91.0.30', 'excluded=10.91.0.15', 'option.posix-timezone=CET-1', 'mode=proxy')
    expect(set.out).toMatch(/ranges +10\.91\.0\.10-10\.91\.0\.20, 10\.91\.0\.30\nexcluded +10\.91\.0\.15\n/)
    expect(set.out).toMatch(/26 +interface-mtu +integer +9000\n100 +posix-timezone +text +CET-1/)
    expect(set.out).toMatch(/mode +proxy: another server gives the addresses; ranges, lease, gateway, dns and options here do nothing/)
    expect(set.out).toMatch(/addresses from +a server that is not heard here, behind the relay/)
    expect((await type('networks', 'set', 'rack-9', 'colour=red')).code).toBe(2)
    expect((await type('networks', 'show', 'rack-8')).err).toContain('There is no network “rack-8”')
  })

  it('reserves, lists and gives back', async () => {
    expect((await type('reserve', '52:54:00:00:00:09', '10.91.0.40', '--hostname', 'nine')).out).toMatch(/10\.91\.0\.40 +52:54:00:00:00:09 +nine +rack-9 +no/)
    expect((await type('reserve', '52:54:00:00:00:0a', '10.91.0.40')).err).toContain('is reserved already')
    expect(JSON.parse((await type('reservations', 'rack-9', '--json')).out)).toMatchObject([{ address: '10.91.0.40', hostname: 'nine' }])
    expect((await type('reservations', 'set', '10.91.0.40')).code).toBe(2)
    expect((await type('reservations', 'set', '10.91.0.39', '--hostname', 'x')).err).toContain('10.91.0.39 is not reserved')
    expect((await type('reservations', 'set', '10.91.0.40', '--address', '10.91.0.41', '--client', 'id:01aabb')).out).toMatch(/10\.91\.0\.41 +id:01aabb +nine +rack-9 +no/)
    expect(await type('unreserve', '10.91.0.41')).toMatchObject({ code: 0, out: '10.91.0.41 is reserved no longer.\n' })
    expect((await type('leases', 'rack-9')).out).toBe('No lease.\n')
    expect((await type('leases', '--state', 'lost')).code).toBe(2)
    expect((await type('networks', 'remove', 'rack-9')).code).toBe(2)
    expect((await type('networks', 'remove', 'rack-9', '--yes')).out).toBe('Rack 9 is removed.\n')
  })
})

it('knows no lease yet, and releases none', async () => {
  expect((await ask<LeasePage>('GET', 'leases')).value).toEqual({ leases: [], total: 0, counts: { bound: 0, expired: 0, released: 0, declined: 0, conflict: 0 } })
  expect((await ask('DELETE', 'leases/127.0.0.100')).status).toBe(404)
  expect((await ask('GET', 'leases?state=lost')).status).toBe(400)
})

it('has journalled every act with who did it', async () => {
  const { value } = await ask<{ events: JournalEvent[] }>('GET', 'events?limit=5000')
  const acts = value.events.filter(({ kind }) => /^(network|address|reservation)\./.test(kind))
  expect(acts.map(({ kind }) => kind)).toEqual(['network.changed', 'network.changed', 'network.added', 'address.reserved', 'address.reserved', 'address.reserved', 'reservation.changed', 'reservation.changed', 'reservation.changed', 'address.unreserved', 'network.removed', 'network.added', 'network.changed', 'address.reserved', 'reservation.changed', 'address.unreserved', 'network.removed'])
  expect(acts[0]?.text).toContain('root changed Provisioning network: title Lab; mode proxy; unknown machines ignore')
  expect(acts.every(({ data }) => data['by'] === 'root')).toBe(true)
})
