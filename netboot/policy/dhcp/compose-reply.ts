import { addressesOption, byteOption, domainSearchOption, longOption, option } from '../../codec/dhcp4-options.ts'
import { broadcastFlag, type DhcpMessage } from '../../codec/dhcp4.ts'
import { parseCidr, renderIpv4 } from '../../codec/ipv4.ts'
import { encodeLatin } from '../../codec/latin.ts'
import type { NetworkView } from '../../site.ts'
import type { BootRequest } from './boot-request.ts'
import type { BootAnswer } from './decide-offer.ts'

/** What an answer grants. `leaseSeconds` null: no lease, as in the answer to INFORM and of a proxy. */
export interface Grant {
  readonly type: 'offer' | 'ack'
  readonly address: string
  readonly leaseSeconds: number | null
  readonly hostname: string | null
}

const none = '0.0.0.0'
const typeBytes = { offer: byteOption(2), ack: byteOption(5), nak: byteOption(6) } as const

/** Always sent, in this order, before what the client asked for: without them the answer is none. */
const required: readonly number[] = [option.messageType, option.serverId, option.leaseTime]

/** Sent whether asked for or not, where they are known: booting needs them, or a rule that they be echoed. */
const unasked: readonly number[] = [option.vendorClass, option.vendorSpecific, option.ipxe, option.clientUuid, option.clientId, option.subnetSelection]

/** What nobody may set for a network: the protocol's own. */
const protocolOptions: ReadonlySet<number> = new Set([
  option.pad, option.mask, option.requestedAddress, option.leaseTime, option.overload, option.messageType, option.serverId, option.parameterList, option.message, option.maxSize,
  option.clientId, option.relayAgent, option.clientUuid, option.subnetSelection, option.end,
])

/**
 * The answer to a request. Options come in the order of the client's list (a client with little room keeps what it asked for first), then
 * those that booting needs whether asked for or not. Options 61, 82 and 118 are echoed (RFC 6842, RFC 3046 §2.2, RFC 3011 §2), and 97 for PXE.
 */
export function composeReply(request: BootRequest, asked: DhcpMessage, network: NetworkView, grant: Grant, boot: BootAnswer): DhcpMessage {
  const prepared = prepare(network)
  const own = new Map<number, Uint8Array>([[option.messageType, typeBytes[grant.type]], [option.serverId, serverId(request, prepared)]])
  if (grant.leaseSeconds !== null) addLeaseTimes(own, grant.leaseSeconds)
  if (grant.hostname && network.mode === 'full') own.set(option.hostname, encodeLatin(grant.hostname))
  if (boot.kind === 'boot') addBootOptions(own, request, boot, asked)
  for (const code of echoed) { const value = asked.options.get(code); if (value) own.set(code, value) }
  const shared = network.mode === 'full' ? prepared.options : noOptions
  // RFC 5859: to whom asks for it, unless the network names other servers.
  if (boot.kind === 'boot' && request.wantedOptions.includes(option.tftpServers) && !shared.has(option.tftpServers)) own.set(option.tftpServers, addressesOption([boot.nextServer]))

  const options = new Map<number, Uint8Array>()
  const add = (code: number): void => {
    const value = own.get(code) ?? shared.get(code)
    if (value && code !== option.relayAgent) options.set(code, value)
  }
  for (const code of required) add(code)
  if (request.wantedOptions.length > 0) for (const code of request.wantedOptions) add(code)
  else for (const code of [...shared.keys(), ...own.keys()]) add(code)
  for (const code of unasked) if (own.has(code)) add(code)
  if (request.bootClass === 'HTTPClient') add(option.bootFile)
  const agent = own.get(option.relayAgent)
  if (agent) options.set(option.relayAgent, agent)
  const hasFile = boot.kind === 'boot'
  return replyTo(asked, {
    flags: asked.flags, clientAddress: grant.type === 'ack' ? asked.clientAddress : none, yourAddress: grant.address, nextServer: hasFile ? boot.nextServer : none,
    bootFile: hasFile && boot.file.length < 128 ? boot.file : '', options,
  })
}

/** A refusal: the client must forget its address and begin again. @see RFC 2131 table 3 */
export function composeNak(request: BootRequest, asked: DhcpMessage, network: NetworkView, why: string): DhcpMessage {
  const options = new Map<number, Uint8Array>([
    [option.messageType, typeBytes.nak],
    [option.serverId, serverId(request, prepare(network))],
    [option.message, encodeLatin(why)],
  ])
  for (const code of echoed) { const value = asked.options.get(code); if (value) options.set(code, value) }
  // Behind a relay the client's address is of no use any more, so the relay must broadcast (RFC 2131 §4.3.2).
  return replyTo(asked, { flags: request.relayAddress === null ? asked.flags : asked.flags | broadcastFlag, clientAddress: none, yourAddress: none, nextServer: none, bootFile: '', options })
}

/** The reply without its last dispensable option, the echoed client id after all others; undefined where only the required ones are left. */
export function dropLastOption(reply: DhcpMessage): DhcpMessage | undefined {
  const codes = Array.from(reply.options.keys()).filter((code) => !required.includes(code) && code !== option.relayAgent && code !== option.mask)
  const victim = codes.findLast((code) => code !== option.clientId) ?? codes.at(-1)
  if (victim === undefined) return undefined
  return { ...reply, options: new Map(Array.from(reply.options).filter(([code]) => code !== victim)) }
}

/** Spelled out, in the order of `decodeDhcp4`: to the engine all messages are then of one shape, and a spread takes it many times as long. */
const replyTo = (asked: DhcpMessage, own: Pick<DhcpMessage, 'flags' | 'clientAddress' | 'yourAddress' | 'nextServer' | 'bootFile' | 'options'>): DhcpMessage => ({
  op: 'reply', hardwareType: asked.hardwareType, hops: 0, xid: asked.xid, secs: 0, flags: own.flags,
  clientAddress: own.clientAddress, yourAddress: own.yourAddress, nextServer: own.nextServer, relayAddress: asked.relayAddress,
  hardwareAddress: asked.hardwareAddress, serverName: '', bootFile: own.bootFile, options: own.options,
})

function addLeaseTimes(options: Map<number, Uint8Array>, seconds: number): void {
  options.set(option.leaseTime, longOption(seconds))
  options.set(option.renewalTime, longOption(Math.floor(seconds / 2)))
  options.set(option.rebindingTime, longOption(Math.floor((seconds * 7) / 8)))
}

interface Prepared { readonly serverId: Uint8Array; readonly options: ReadonlyMap<number, Uint8Array> }

const noOptions: ReadonlyMap<number, Uint8Array> = new Map()
/** Remembered by the network's own object, which never changes. */
const preparedNetworks = new WeakMap<NetworkView, Prepared>()

function prepare(network: NetworkView): Prepared {
  const known = preparedNetworks.get(network)
  if (known) return known
  const made = { serverId: addressesOption([network.address]), options: networkOptions(network) }
  preparedNetworks.set(network, made)
  return made
}

/** The relay may stand in our place (RFC 5107), so that renewals come through it too. */
const serverId = (request: BootRequest, prepared: Prepared): Uint8Array => (request.relay.serverIdOverride === null ? prepared.serverId : addressesOption([request.relay.serverIdOverride]))

function networkOptions(network: NetworkView): Map<number, Uint8Array> {
  const cidr = parseCidr(network.cidr)
  const made = new Map<number, Uint8Array>()
  if (cidr) made.set(option.mask, addressesOption([renderIpv4(cidr.mask)])).set(option.broadcast, addressesOption([renderIpv4(cidr.last)]))
  if (network.gateway !== '') made.set(option.router, addressesOption([network.gateway]))
  if (network.dns.length > 0) made.set(option.dns, addressesOption(network.dns))
  if (network.ntp.length > 0) made.set(option.ntp, addressesOption(network.ntp))
  if (network.domain !== '') made.set(option.domain, encodeLatin(network.domain)).set(option.domainSearch, domainSearchOption([network.domain]))
  for (const { code, value } of network.options) if (!protocolOptions.has(code)) made.set(code, value)
  return made
}

function addBootOptions(options: Map<number, Uint8Array>, request: BootRequest, boot: BootAnswer & { kind: 'boot' }, asked: DhcpMessage): void {
  const uuid = asked.options.get(option.clientUuid)
  options.set(option.bootFile, encodeLatin(boot.file))
  options.set(option.tftpServer, encodeLatin(boot.nextServer))
  if (boot.vendorClass) options.set(option.vendorClass, encodeLatin(boot.vendorClass))
  if (boot.vendorOptions) options.set(option.vendorSpecific, boot.vendorOptions)
  if (boot.ipxeOptions) options.set(option.ipxe, boot.ipxeOptions)
  if (uuid && request.bootClass) options.set(option.clientUuid, uuid)
}

const echoed: readonly number[] = [option.clientId, option.subnetSelection, option.relayAgent]
