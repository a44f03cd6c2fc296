import ipaddr from 'ipaddr.js'
import { run } from './run.ts'

/** Where the appliance stands on a network: its card, its address there and the network's CIDR. */
export interface Standing {
  readonly interface: string
  readonly address: string
  readonly cidr: string
}

interface LinkAddress { readonly family: string; readonly local: string; readonly prefixlen: number; readonly scope: string }

/**
 * Finds the appliance's address on a real card. With a subnet, the card's address within it, or its first address, which is then set;
 * without, the card's own first IPv4 address. Throws a sentence that says what to do.
 */
export async function standOn(card: string, subnet: string): Promise<Standing> {
  const links = JSON.parse(await run('ip', '-json', 'address', 'show', 'dev', card)) as { addr_info: LinkAddress[] }[]
  const choice = chooseAddress(links[0]?.addr_info ?? [], subnet)
  if (typeof choice === 'string') throw new Error(`${card}: ${choice}`)
  if (choice.add) {
    await run('ip', 'address', 'add', `${choice.address}/${choice.cidr.split('/')[1]}`, 'broadcast', '+', 'dev', card)
    await run('ip', 'link', 'set', card, 'up')
  }
  return { interface: card, address: choice.address, cidr: choice.cidr }
}

/** The pure half of `standOn`: which address, and whether it must be added first; or a sentence. */
export function chooseAddress(present: readonly LinkAddress[], subnet: string): { address: string; cidr: string; add: boolean } | string {
  const own = present.filter((one) => one.family === 'inet' && one.scope === 'global')
  if (subnet === '') {
    const first = own[0]
    if (first === undefined) return 'it has no IPv4 address: give one with --subnet, e.g. --subnet 10.77.0.0/24'
    return { address: first.local, cidr: network(first.local, first.prefixlen), add: false }
  }
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(subnet)) return `${subnet} is not a subnet: write it as 10.77.0.0/24`
  const [base, bits] = ipaddr.IPv4.parseCIDR(subnet)
  if (bits < 8 || bits > 29) return 'a provisioning network is between /8 and /29'
  const inside = own.find((one) => ipaddr.IPv4.parse(one.local).match(base, bits))
  const cidr = network(base.toString(), bits)
  if (inside !== undefined) return { address: inside.local, cidr, add: false }
  const octets = ipaddr.IPv4.networkAddressFromCIDR(cidr).octets
  return { address: [...octets.slice(0, 3), (octets[3] ?? 0) + 1].join('.'), cidr, add: true }
}

const network = (address: string, bits: number): string => `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`).toString()}/${bits}`
