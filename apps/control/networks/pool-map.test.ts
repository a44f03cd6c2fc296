import { expect, it } from 'vitest'
import { parseIpv4 } from '#netboot/codec/ipv4'
import type { Lease } from '#netboot/site'
import type { IndexedLease } from './lease-index.ts'
import { freshMain, settle, type NetworkSettings } from './network-config.ts'
import { mapPool } from './pool-map.ts'

const network = (cidr: string, set: NetworkSettings = {}) => {
  const standing = { interface: 'eth0', address: cidr.replace(/0\/\d+$/, '1'), cidr, mode: 'full' as const, nameServers: [] }
  return settle({ ...freshMain(standing), set }, standing)
}
const lease = (address: string, state: Lease['state'] = 'bound'): IndexedLease => ({ value: parseIpv4(address) ?? 0, lease: { networkId: 'provisioning', address, mac: '52:54:00:00:00:01', clientId: '', hostname: '', state, startedAtMs: 0, expiresAtMs: 10 } })

it('shows a small network address by address', () => {
  const map = mapPool(network('10.0.0.0/24', { excluded: [{ from: '10.0.0.110', to: '10.0.0.119' }] }), [lease('10.0.0.100'), lease('10.0.0.101', 'declined'), lease('10.0.0.102', 'released'), lease('10.0.0.103')], ['10.0.0.50', '10.0.0.103'], () => 'node', 5)
  expect(map.perCell).toBe(1)
  expect(map.cells).toHaveLength(256)
  const kinds = (...at: number[]) => at.map((index) => map.cells[index]?.kind)
  expect(kinds(0, 1, 50, 99, 100, 101, 102, 103, 109, 110, 119, 120, 199, 200)).toEqual(['outside', 'own', 'reserved', 'outside', 'bound', 'conflict', 'free', 'bound', 'free', 'excluded', 'excluded', 'free', 'free', 'outside'])
  expect(map.cells[100]).toEqual({ from: '10.0.0.100', kind: 'bound', used: 1, who: 'node' })
})

it('shows a large network in cells of many addresses, each with how many are in use', () => {
  const map = mapPool(network('10.0.0.0/16'), [lease('10.0.100.1'), lease('10.0.100.2'), lease('10.0.101.1')], [], () => 'node', 5)
  expect(map).toMatchObject({ perCell: 256 })
  expect(map.cells.map(({ used }) => used).filter((used) => used > 0)).toEqual([2, 1])
  expect(map.cells[100]).toEqual({ from: '10.0.100.0', kind: 'bound', used: 2, who: '' })
  expect(map.cells[102]?.kind).toBe('free')
})

it('has a cell for each address of the smallest network', () => expect(mapPool(network('10.0.0.8/29'), [], [], () => '', 5).cells.map(({ kind }) => kind)).toEqual(['outside', 'outside', 'outside', 'free', 'free', 'free', 'free', 'outside']))
