import { z } from 'zod'
import { optionTypes } from './dhcp-options.ts'

/** Both ends belong to it. Dotted. */
export const AddressRange = z.object({ from: z.string().max(15), to: z.string().max(15) }).meta({ id: 'AddressRange' })
export type AddressRange = z.infer<typeof AddressRange>

/** A DHCP option as a network tells it; the value is in the form of its type: text, number, true or false, or a list. */
export const NetworkOption = z.object({
  code: z.number().int(), name: z.string(), type: z.enum(optionTypes), value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
}).meta({ id: 'NetworkOption' })
export type NetworkOption = z.infer<typeof NetworkOption>

/** An option as it is asked for: by name or number. The type may be left out where the option is known; any type's value may be text. */
export const OptionRequest = z.object({
  option: z.union([z.number().int(), z.string().max(64)]), type: z.enum(optionTypes).optional(),
  value: z.union([z.string().max(4096), z.number(), z.boolean(), z.array(z.string().max(255)).max(128)]),
})
export type OptionRequest = z.infer<typeof OptionRequest>

const mode = z.enum(['full', 'proxy'])
const policy = z.enum(['discover', 'ignore'])
const whenOtherServer = z.enum(['warn', 'refuse'])

/** A DHCP server of somebody else, on a network of mode proxy: what it gives clients with their addresses. */
export const AddressServer = z.object({
  address: z.string(), mac: z.string().nullable(), gateway: z.string().describe('Empty: none'), dns: z.array(z.string()), bootFile: z.string().describe('What it says to boot; empty: nothing, as it should be'),
}).meta({ id: 'AddressServer' })
export type AddressServer = z.infer<typeof AddressServer>

/** A network on which machines boot, with all that is set for it and how full it is. */
export const Network = z.object({
  id: z.string(), title: z.string(), interface: z.string(), cidr: z.string(), address: z.string(), gateway: z.string(),
  mode, policy, rangeFrom: z.string(), rangeTo: z.string(), leasesActive: z.number().int(), poolSize: z.number().int(), otherServers: z.array(z.string()),
  addressServers: z.array(AddressServer).describe('In mode proxy: who gives the addresses, as heard in the last minutes'),
  main: z.boolean().describe('The network that the appliance was started with: its interface, address and subnet stay'),
  relayed: z.boolean().describe('Its machines are behind a DHCP relay, not on the interface itself'),
  ranges: z.array(AddressRange).describe('What is given out; rangeFrom and rangeTo are its first and last address'), excluded: z.array(AddressRange),
  dns: z.array(z.string()), ntp: z.array(z.string()), domain: z.string(), leaseSeconds: z.number().int(), options: z.array(NetworkOption),
  authoritative: z.boolean().describe('Clients that ask for an address it does not know are refused at once; set it where no other DHCP server is'),
  ipv6Prefix: z.string().describe('Of 64 bits, such as fd12:3456:789a:1::/64: machines get addresses of it by DHCPv6 and boot by IPv6 too; the appliance has its first one. Empty: no IPv6'),
  whenOtherServer: whenOtherServer.describe('What mode full does where another DHCP server answers: go on and warn, or give no addresses'),
  reservations: z.number().int(), poolFree: z.number().int(), conflicts: z.number().int(),
  notices: z.array(z.string()).describe('What a person should know or do, as sentences'),
}).meta({ id: 'Network' })
export type Network = z.infer<typeof Network>

const settings = z.strictObject({
  title: z.string().min(1).max(64), mode, policy, gateway: z.string().max(15), dns: z.array(z.string().max(15)).max(8), ntp: z.array(z.string().max(15)).max(8),
  domain: z.string().max(253), leaseSeconds: z.number().int(), ranges: z.array(AddressRange).max(32), excluded: z.array(AddressRange).max(64),
  options: z.array(OptionRequest).max(64), authoritative: z.boolean(), whenOtherServer, ipv6Prefix: z.string().max(43),
})

/** What may be changed of a network. `null` sets the default again. */
export const NetworkPatch = z.strictObject({
  ...settings.partial().shape, gateway: settings.shape.gateway.nullable().optional(), dns: settings.shape.dns.nullable().optional(), ntp: settings.shape.ntp.nullable().optional(),
  ranges: settings.shape.ranges.nullable().optional(), excluded: settings.shape.excluded.nullable().optional(),
}).meta({ id: 'NetworkPatch' })
export type NetworkPatch = z.infer<typeof NetworkPatch>

/**
 * A further network: on an interface of the host that has an address in it, or behind a relay that sends to the appliance's address on an
 * interface; where none is named, on that of the main network. Several may stand on one interface: a new client is given an address of the
 * first of them that has one left, the main one before the others, and those by their ids.
 */
export const NetworkRequest = z.strictObject({
  ...settings.partial().shape, id: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'lower-case letters, digits and hyphens, at most 32').optional(),
  cidr: z.string().max(18), relayed: z.boolean().default(false), interface: z.string().max(15).optional(),
}).meta({ id: 'NetworkRequest' })
export type NetworkRequest = z.infer<typeof NetworkRequest>

/** Whom a reservation is for: exactly one of a MAC, a client id (option 61 as hex) or a system UUID (option 97). */
export const ClientMatch = z.union([z.strictObject({ mac: z.string() }), z.strictObject({ clientId: z.string() }), z.strictObject({ uuid: z.string() })])
export type ClientMatch = z.infer<typeof ClientMatch>

/** An address kept for one client. */
export const Reservation = z.object({
  networkId: z.string(), address: z.string(), match: ClientMatch, hostname: z.string(),
  machineId: z.string().nullable(), machineName: z.string().nullable(), inUse: z.boolean().describe('Its client has it now'),
  problem: z.string().nullable().describe('Why its client cannot have it now, as a sentence'), by: z.string(), createdAt: z.string(),
}).meta({ id: 'Reservation' })
export type Reservation = z.infer<typeof Reservation>

/** An address for a client, and what names it on the network. */
export const ReservationRequest = z.strictObject({
  client: z.string().min(1).max(600).describe('A MAC, a UUID, a client id as hex (id:01…), or the name or id of a machine'), address: z.string().max(15),
  hostname: z.string().regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$/, 'a host name: lower-case letters, digits and hyphens, 1 to 63 characters').default(''),
}).meta({ id: 'ReservationRequest' })
export type ReservationRequest = z.infer<typeof ReservationRequest>

/** `declined`: its client found somebody else on it. `conflict`: somebody who was never given it answers there. Both come back by themselves. */
export const leaseStates = ['bound', 'expired', 'released', 'declined', 'conflict'] as const

/** Who has or had an address. */
export const Lease = z.object({
  networkId: z.string(), address: z.string(), mac: z.string(), machineId: z.string().nullable(), machineName: z.string().nullable(), hostname: z.string(), clientId: z.string(),
  state: z.enum(leaseStates), reserved: z.boolean(), why: z.string().describe('A sentence: why it is so'), since: z.string(), until: z.string(),
}).meta({ id: 'Lease' })
export type Lease = z.infer<typeof Lease>

/** Part of the leases that fit. `counts` are of all that fit the network and the text, by state. */
export const LeasePage = z.object({ leases: z.array(Lease), total: z.number().int(), counts: z.record(z.enum(leaseStates), z.number().int()) }).meta({ id: 'LeasePage' })
export type LeasePage = z.infer<typeof LeasePage>

/** Which leases: of a network, in a state (`conflict`: declined ones too), whose address, MAC, names or client id contain every word. In the order of addresses. */
export const LeaseQuery = z.object({
  network: z.string().max(64).optional(), state: z.enum(leaseStates).optional(), text: z.string().max(200).default(''),
  offset: z.coerce.number().int().min(0).default(0), limit: z.coerce.number().int().min(1).max(1000).default(200),
})
export type LeaseQuery = z.infer<typeof LeaseQuery>

/** What an address of a network can be, as the map of its pool draws it. */
export const cellKinds = ['free', 'bound', 'reserved', 'conflict', 'excluded', 'outside', 'own'] as const

/** A network's addresses as at most 256 cells of equal size; `kind` is what weighs most in the cell, `used` how many of it are in use. */
export const PoolMap = z.object({
  networkId: z.string(), perCell: z.number().int(), cells: z.array(z.object({ from: z.string(), kind: z.enum(cellKinds), used: z.number().int(), who: z.string() })),
}).meta({ id: 'PoolMap' })
export type PoolMap = z.infer<typeof PoolMap>

/** A network card of the appliance's host, and the first network that is served on it. */
export const HostInterface = z.object({ name: z.string(), addresses: z.array(z.string()).describe('As CIDR'), networkId: z.string().nullable(), free: z.array(z.string()).describe('Those of its addresses that lie in no network yet') }).meta({ id: 'HostInterface' })
export type HostInterface = z.infer<typeof HostInterface>

/** A network is served no more. `cutOff`: machines whose agents asked the appliance at its address there and nowhere else. */
export const NetworkRemoved = z.object({ cutOff: z.array(z.object({ machineId: z.string(), name: z.string() })) }).meta({ id: 'NetworkRemoved' })
export type NetworkRemoved = z.infer<typeof NetworkRemoved>

/** Whether something must be done although a machine is in use: for acts on leases and networks. */
export const ForceQuery = z.object({ force: z.enum(['true', 'false']).default('false').transform((word) => word === 'true') })
