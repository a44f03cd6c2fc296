import type { cellKinds, PoolMap } from '#contract/network-api'
import { parseCidr, parseIpv4, renderIpv4 } from '#netboot/codec/ipv4'
import type { Lease } from '#netboot/site'
import type { IndexedLease } from './lease-index.ts'
import { stateOf } from './lease-view.ts'
import type { NetworkConfig } from './network-config.ts'
import { rangeNumbers } from './subnet.ts'

type Kind = (typeof cellKinds)[number]

/** What weighs more in a cell comes first. */
const weight: readonly Kind[] = ['conflict', 'own', 'bound', 'reserved', 'free', 'excluded', 'outside']
const mostCells = 256

/** The addresses of a network as at most 256 cells. `nameOf`: who has a lease, in a word. */
export function mapPool(network: NetworkConfig, leases: readonly IndexedLease[], reserved: readonly string[], nameOf: (lease: Lease) => string, nowMs: number): PoolMap {
  const subnet = parseCidr(network.cidr)
  if (subnet === undefined) return { networkId: network.id, perCell: 1, cells: [] }
  const size = subnet.last - subnet.first + 1
  const perCell = Math.max(1, size / mostCells)
  const cells = Array.from({ length: size / perCell }, (_, index): PoolMap['cells'][number] => ({ from: renderIpv4(subnet.first + index * perCell), kind: 'outside', used: 0, who: '' }))
  const cellOf = (value: number): PoolMap['cells'][number] | undefined => cells[Math.floor((value - subnet.first) / perCell)]
  const mark = (value: number | undefined, kind: Kind, who = ''): void => {
    const cell = cellOf(value ?? -1)
    if (cell === undefined) return
    if (weight.indexOf(kind) < weight.indexOf(cell.kind)) cell.kind = kind
    if (kind === 'bound' || kind === 'conflict') cell.used += 1
    if (perCell === 1 && who !== '') cell.who = who
  }
  const fill = (ranges: NetworkConfig['ranges'], kind: Kind, whole: boolean): void => {
    for (const [from, to] of ranges.flatMap((range) => { const ends = rangeNumbers(range); return ends === undefined ? [] : [ends] }))
      for (let at = from - ((from - subnet.first) % perCell); at <= to; at += perCell) {
        const cell = cellOf(at)
        if (cell !== undefined && (!whole || (at >= from && at + perCell - 1 <= to))) cell.kind = kind
      }
  }
  fill(network.ranges, 'free', false)
  fill(network.excluded, 'excluded', true)
  for (const address of reserved) mark(parseIpv4(address), 'reserved', 'reserved')
  for (const { lease, value } of leases) {
    const state = stateOf(lease, nowMs)
    const who = perCell === 1 ? nameOf(lease) : ''
    if (state === 'bound') mark(value, 'bound', who)
    if (state === 'declined' || state === 'conflict') mark(value, 'conflict', who)
  }
  if (network.gateway !== '') mark(parseIpv4(network.gateway), 'own', 'gateway')
  if (!network.relayed) mark(parseIpv4(network.address), 'own', 'appliance')
  return { networkId: network.id, perCell, cells }
}
