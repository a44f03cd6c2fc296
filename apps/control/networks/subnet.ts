import type { AddressRange } from '#contract/network-api'
import { parseCidr, parseIpv4, renderIpv4 } from '#netboot/codec/ipv4'

/** First and last address, broadcast, and the range that is given out (the middle of the subnet): all dotted. Throws where `cidr` is none. */
export function subnetOf(cidr: string): { cidr: string; first: string; broadcast: string; rangeFrom: string; rangeTo: string } {
  const network = parseCidr(cidr)
  const prefix = Number(cidr.split('/')[1])
  if (network === undefined || !(prefix >= 8 && prefix <= 29)) throw new Error(`the provisioning network ${cidr} is not a subnet between /8 and /29`)
  const [base, size] = [network.first, 2 ** (32 - prefix)]
  return {
    cidr: `${renderIpv4(base)}/${prefix}`, first: renderIpv4(base + 1), broadcast: renderIpv4(network.last),
    rangeFrom: renderIpv4(base + Math.floor((size * 100) / 256)), rangeTo: renderIpv4(base + Math.floor((size * 199) / 256)),
  }
}

/** A range as numbers, or undefined where an end is no address. */
export function rangeNumbers({ from, to }: AddressRange): [number, number] | undefined {
  const [first, last] = [parseIpv4(from), parseIpv4(to)]
  return first === undefined || last === undefined ? undefined : [first, last]
}

/** Whether a dotted address lies in any of the ranges. */
export function inRanges(ranges: readonly AddressRange[], address: string): boolean {
  const value = parseIpv4(address)
  return value !== undefined && ranges.some((range) => {
    const ends = rangeNumbers(range)
    return ends !== undefined && value >= ends[0] && value <= ends[1]
  })
}

/** The same question for many addresses as numbers: inside the ranges and not excluded. */
export function poolTest(ranges: readonly AddressRange[], excluded: readonly AddressRange[]): (value: number) => boolean {
  const [given, left] = [ranges, excluded].map((list) => list.flatMap((one) => { const ends = rangeNumbers(one); return ends === undefined ? [] : [ends] })) as [[number, number][], [number, number][]]
  const holds = (list: [number, number][], value: number): boolean => { for (const [from, to] of list) if (value >= from && value <= to) return true; return false }
  return (value) => holds(given, value) && !holds(left, value)
}

/** How many addresses the ranges have without the excluded ones; neither list overlaps itself, as `validateNetwork` demands. */
export function countPool(ranges: readonly AddressRange[], excluded: readonly AddressRange[]): number {
  let size = 0
  for (const [from, to] of ranges.flatMap((one) => { const ends = rangeNumbers(one); return ends ? [ends] : [] })) {
    size += to - from + 1
    for (const [without, last] of excluded.flatMap((one) => { const ends = rangeNumbers(one); return ends ? [ends] : [] })) size -= Math.max(0, Math.min(to, last) - Math.max(from, without) + 1)
  }
  return size
}
