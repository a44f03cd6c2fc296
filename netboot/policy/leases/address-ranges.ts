import { parseCidr, parseIpv4, renderIpv4 } from '../../codec/ipv4.ts'
import type { AddressRange, NetworkView } from '../../site.ts'

const mostAddresses = 2 ** 20

/** The addresses that a network may give out, numbered from 0 without gaps between the ranges. */
export interface AddressRanges {
  readonly size: number
  /** The address of that number. */
  address(index: number): string
  /** The number of a dotted address, or undefined where it is in no range. */
  index(address: string): number | undefined
  /** Numbers inside the ranges that are never given out: excluded ones, our own, the gateway, the first and last of the subnet. */
  readonly left: readonly number[]
}

/** Reads the ranges of a network. What is no range, or lies outside the subnet, counts as empty. */
export function readRanges(network: Pick<NetworkView, 'ranges' | 'excluded' | 'address' | 'gateway' | 'cidr'>): AddressRanges {
  const cidr = parseCidr(network.cidr)
  const parts: { first: number; last: number; start: number }[] = []
  let size = 0
  for (const { first, last } of spans(network.ranges)) {
    const [from, to] = [Math.max(first, cidr?.first ?? 0), Math.min(last, cidr?.last ?? -1, Math.max(first, cidr?.first ?? 0) + mostAddresses - size - 1)]
    if (from > to || parts.some((part) => from <= part.last && to >= part.first)) continue
    parts.push({ first: from, last: to, start: size })
    size += to - from + 1
  }
  const indexOf = (value: number): number | undefined => {
    for (const part of parts) if (value >= part.first && value <= part.last) return part.start + value - part.first
    return undefined
  }
  const index = (address: string): number | undefined => { const value = parseIpv4(address); return value === undefined ? undefined : indexOf(value) }
  const single = [network.address, network.gateway].flatMap((address) => parseIpv4(address) ?? [])
  const left = new Set([...single, ...(cidr ? [cidr.first, cidr.last] : [])].flatMap((value) => indexOf(value) ?? []))
  for (const { first, last } of spans(network.excluded)) {
    for (const part of parts) for (let value = Math.max(first, part.first); value <= Math.min(last, part.last); value += 1) left.add(part.start + value - part.first)
  }
  return {
    size, index, left: Array.from(left),
    address(number) {
      const part = parts.findLast(({ start }) => start <= number)
      if (!part) throw new Error(`no range has an address number ${number}`)
      return renderIpv4(part.first + number - part.start)
    },
  }
}

const spans = (ranges: readonly AddressRange[]): { first: number; last: number }[] => ranges.flatMap(({ from, to }) => {
  const [first, last] = [parseIpv4(from), parseIpv4(to)]
  return first === undefined || last === undefined || first > last ? [] : [{ first, last }]
})
