import { describe, expect, it } from 'vitest'
import { countPool, inRanges, subnetOf } from './subnet.ts'

describe('a subnet', () => {
  it.each([
    ['10.77.0.0/24', { cidr: '10.77.0.0/24', first: '10.77.0.1', broadcast: '10.77.0.255', rangeFrom: '10.77.0.100', rangeTo: '10.77.0.199' }],
    ['192.168.4.17/23', { cidr: '192.168.4.0/23', broadcast: '192.168.5.255', rangeFrom: '192.168.4.200', rangeTo: '192.168.5.142' }],
    ['10.0.0.8/29', { broadcast: '10.0.0.15', rangeFrom: '10.0.0.11', rangeTo: '10.0.0.14' }],
  ])('%s', (cidr, wanted) => expect(subnetOf(cidr)).toMatchObject(wanted))
  it.each(['10.0.0.0', '10.0.0.0/30', '10.0.0.0/7', 'x/24'])('refuses %s', (cidr) => expect(() => subnetOf(cidr)).toThrow('between /8 and /29'))
})

describe('ranges', () => {
  const ranges = [{ from: '10.0.0.10', to: '10.0.0.19' }, { from: '10.0.0.30', to: '10.0.0.30' }]
  it.each([['10.0.0.9', false], ['10.0.0.10', true], ['10.0.0.19', true], ['10.0.0.20', false], ['10.0.0.30', true], ['nonsense', false]])('hold %s: %s', (address, holds) => expect(inRanges(ranges, address)).toBe(holds))
  it.each([
    [[], 11], [[{ from: '10.0.0.12', to: '10.0.0.13' }], 9], [[{ from: '10.0.0.1', to: '10.0.0.255' }], 0], [[{ from: '10.0.0.18', to: '10.0.0.40' }], 8], [[{ from: '10.0.0.20', to: '10.0.0.25' }], 11],
  ])('without %j have %i addresses', (excluded, size) => expect(countPool(ranges, excluded)).toBe(size))
})
