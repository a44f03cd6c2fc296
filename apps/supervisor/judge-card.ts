import ipaddr from 'ipaddr.js'

/** An address of a network card, as `ip -json address` gives it. */
export interface LinkAddress { readonly family: string; readonly local: string; readonly prefixlen: number; readonly scope: string }

/** A network card, as `ip -json address` gives it, and whether it is wireless. */
export interface Link {
  readonly ifname: string
  readonly flags: readonly string[]
  readonly link_type: string
  /** The bridge or bond that it is a port of. */
  readonly master?: string
  readonly addr_info: readonly LinkAddress[]
  readonly wireless: boolean
}

/** Whether the appliance can serve machines on `card`, with what a person should know; or a sentence that says why not and what to do. */
export function judgeCard(links: readonly Link[], card: string, subnet: string): { link: Link; notes: string[] } | string {
  const link = links.find((one) => one.ifname === card)
  const usable = links.filter((one) => one.link_type === 'ether' && !one.wireless).map((one) => one.ifname)
  if (link === undefined) return `there is no network card ${card}: this machine has ${usable.join(', ') || 'none that is wired'}`
  if (link.wireless) return `${card} is wireless, and machines do not boot over the air: use a wired card`
  if (link.link_type !== 'ether') return `${card} is not an Ethernet card: use ${usable.join(' or ') || 'one'}`
  if (link.master !== undefined) return `${card} is a port of ${link.master}: serve that instead (--interface ${link.master})`
  const isUp = link.flags.includes('UP')
  if (!isUp && subnet === '') return `${card} is switched off: switch it on (ip link set ${card} up), or name a network for it with --subnet`
  const [base, bits] = ipaddr.IPv4.isValidCIDRFourPartDecimal(subnet) ? ipaddr.IPv4.parseCIDR(subnet) : []
  const rival = base === undefined ? undefined : links.find((one) => one !== link && ipv4(one).some((address) => overlap(address, base, bits ?? 32)))
  if (rival !== undefined) return `${rival.ifname} stands in ${subnet} too, so answers would leave by the wrong card: choose another --subnet`
  return { link, notes: isUp && link.flags.includes('NO-CARRIER') ? [`${card} has no link: plug its cable in, or switch on what is at its other end`] : [] }
}

/**
 * Which address the appliance has on its card, and whether it must be added first; or a sentence. Beside another DHCP server (`proxy`) none
 * is made up: the first address of a network that somebody else runs is likely their router's.
 */
export function chooseAddress(present: readonly LinkAddress[], subnet: string, mode: 'full' | 'proxy'): { address: string; cidr: string; add: boolean } | string {
  const own = present.filter((one) => one.family === 'inet' && one.scope === 'global')
  if (subnet === '') {
    const first = own[0]
    if (first === undefined) return mode === 'proxy' ? 'it has no IPv4 address: let it get one from the DHCP server there (dhclient), then start again' : 'it has no IPv4 address: give one with --subnet, e.g. --subnet 10.77.0.0/24'
    if (first.prefixlen < 8 || first.prefixlen > 29) return `its address ${first.local}/${first.prefixlen} leaves no room for machines: a provisioning network is between /8 and /29`
    return { address: first.local, cidr: network(first.local, first.prefixlen), add: false }
  }
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(subnet)) return `${subnet} is not a subnet: write it as 10.77.0.0/24`
  const [base, bits] = ipaddr.IPv4.parseCIDR(subnet)
  if (bits < 8 || bits > 29) return 'a provisioning network is between /8 and /29'
  const inside = own.find((one) => ipaddr.IPv4.parse(one.local).match(base, bits))
  const cidr = network(base.toString(), bits)
  if (inside !== undefined) {
    if (inside.prefixlen !== bits) return `its address ${inside.local}/${inside.prefixlen} is of another network than ${cidr}: give it ${inside.local}/${bits}, or leave --subnet out`
    return { address: inside.local, cidr, add: false }
  }
  if (mode === 'proxy') return `it has no address in ${cidr}: let it get one from the DHCP server there (dhclient), then start again`
  const octets = ipaddr.IPv4.networkAddressFromCIDR(cidr).octets
  return { address: [...octets.slice(0, 3), (octets[3] ?? 0) + 1].join('.'), cidr, add: true }
}

/** What other DHCP servers on the card mean for a mode: a refusal, or a note for the person. */
export function judgeServers(others: readonly string[], card: string, mode: 'full' | 'proxy'): { refusal?: string; note?: string } {
  if (mode === 'full' && others.length > 0) return { refusal: `${others.join(', ')} gives addresses on ${card} already, and two servers make a network of chance: start beside it (--mode proxy), or switch that server off` }
  if (mode === 'proxy' && others.length === 0) return { note: `nobody gives addresses on ${card}, and in proxy mode neither does this appliance: machines will not boot until a DHCP server answers there (or leave --mode proxy out)` }
  return {}
}

const ipv4 = (link: Link): readonly LinkAddress[] => link.addr_info.filter((one) => one.family === 'inet' && one.scope === 'global')

function overlap(address: LinkAddress, base: ipaddr.IPv4, bits: number): boolean {
  const common = Math.min(address.prefixlen, bits)
  return ipaddr.IPv4.parse(address.local).match(base, common)
}

const network = (address: string, bits: number): string => `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`).toString()}/${bits}`
