/** How the value of a DHCP option is written by people. Addresses are dotted; `routes` are `10.0.0.0/8 via 10.77.0.1` (RFC 3442). */
export const optionTypes = ['text', 'address', 'addresses', 'integer', 'boolean', 'hex', 'domains', 'routes'] as const
export type OptionType = (typeof optionTypes)[number]

/** An option that a network may tell its clients. `bytes`: the width of an integer. */
export interface OptionKind { readonly code: number; readonly name: string; readonly type: OptionType; readonly bytes?: 1 | 2 | 4 }

type Row = readonly [code: number, name: string, type: OptionType, bytes?: 1 | 2 | 4]
const rows: readonly Row[] = [
  [2, 'time-offset', 'integer', 4], [4, 'time-servers', 'addresses'], [7, 'log-servers', 'addresses'], [9, 'lpr-servers', 'addresses'],
  [13, 'boot-size', 'integer', 2], [16, 'swap-server', 'address'], [17, 'root-path', 'text'], [19, 'ip-forwarding', 'boolean'],
  [20, 'non-local-source-routing', 'boolean'], [22, 'max-dgram-reassembly', 'integer', 2], [23, 'default-ip-ttl', 'integer', 1],
  [24, 'path-mtu-aging-timeout', 'integer', 4], [26, 'interface-mtu', 'integer', 2], [27, 'all-subnets-local', 'boolean'],
  [31, 'router-discovery', 'boolean'], [32, 'router-solicitation-address', 'address'], [34, 'trailer-encapsulation', 'boolean'],
  [35, 'arp-cache-timeout', 'integer', 4], [37, 'default-tcp-ttl', 'integer', 1], [38, 'tcp-keepalive-interval', 'integer', 4],
  [40, 'nis-domain', 'text'], [41, 'nis-servers', 'addresses'], [44, 'netbios-name-servers', 'addresses'], [46, 'netbios-node-type', 'integer', 1],
  [48, 'font-servers', 'addresses'], [49, 'x-display-managers', 'addresses'], [64, 'nisplus-domain', 'text'], [65, 'nisplus-servers', 'addresses'],
  [69, 'smtp-servers', 'addresses'], [72, 'www-servers', 'addresses'], [85, 'nds-servers', 'addresses'], [86, 'nds-tree', 'text'],
  [100, 'posix-timezone', 'text'], [101, 'tzdb-timezone', 'text'], [108, 'ipv6-only-preferred', 'integer', 4], [114, 'captive-portal', 'text'],
  [119, 'domain-search', 'domains'], [121, 'classless-routes', 'routes'], [150, 'tftp-server-addresses', 'addresses'], [252, 'web-proxy-url', 'text'],
]

/** The options that are known by name, with the types that their RFCs give them. @see RFC 2132, 3397, 3442, 4833, 5859, 8910, 8925 */
export const optionKinds: readonly OptionKind[] = rows.map(([code, name, type, bytes]) => ({ code, name, type, ...(bytes === undefined ? {} : { bytes }) }))

/** Options that may not be set freely, each with the reason, which says what to use instead. */
export const ownedOptions: Readonly<Record<number, string>> = Object.fromEntries<string>([
  [1, 'the mask follows from the network'], [3, 'use the gateway of the network'], [6, 'use the DNS servers of the network'], [12, 'the host name is the name of the machine or of its reservation'],
  [15, 'use the domain of the network'], [28, 'the broadcast address follows from the network'], [42, 'use the time servers of the network'], [51, 'use the lease time of the network'],
  ...[43, 60, 66, 67, 175].map((code): [number, string] => [code, 'the appliance sets it for each machine that boots']),
  ...[0, 50, 52, 53, 54, 55, 56, 57, 58, 59, 61, 77, 82, 93, 94, 97, 118, 255].map((code): [number, string] => [code, 'the protocol itself needs it']),
])
