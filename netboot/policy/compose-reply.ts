import { addressesOption, byteOption, domainSearchOption, longOption, messageTypes, option } from '../codec/dhcp4-options.ts'
import { broadcastFlag, type DhcpMessage } from '../codec/dhcp4.ts'
import { parseCidr, renderIpv4 } from '../codec/ipv4.ts'
import { encodeLatin } from '../codec/latin.ts'
import type { NetworkView } from '../site.ts'
import type { BootRequest } from './boot-request.ts'
import type { BootAnswer } from './decide-offer.ts'

/** What an answer grants. `leaseSeconds` null: no lease, as in the answer to INFORM and of a proxy. */
export interface Grant {
  readonly type: 'offer' | 'ack'
  readonly address: string
  readonly leaseSeconds: number | null
  readonly hostname: string | null
}

/** Always sent, in this order, before what the client asked for: without them the answer is none. */
const required: readonly number[] = [option.messageType, option.serverId, option.leaseTime]

/**
 * The answer to a request. Options come in the order of the client's list (a client with little room keeps what it asked for first), then
 * those that booting needs whether asked for or not. Options 61 and 82 are echoed (RFC 6842, RFC 3046 §2.2), and 97 for PXE.
 */
export function composeReply(request: BootRequest, asked: DhcpMessage, network: NetworkView, grant: Grant, boot: BootAnswer): DhcpMessage {
  const known = new Map<number, Uint8Array>([
    [option.messageType, byteOption(messageTypes.indexOf(grant.type) + 1)],
    [option.serverId, addressesOption([network.address])],
    ...(grant.leaseSeconds === null ? [] : leaseTimes(grant.leaseSeconds)),
    ...(network.mode === 'proxy' ? [] : networkOptions(network, grant.hostname)),
    ...bootOptions(request, boot, asked),
    ...echoed(asked),
  ])
  const always = [...required, option.vendorClass, option.vendorSpecific, option.ipxe, option.clientUuid, option.clientId, ...(request.bootClass === 'HTTPClient' ? [option.bootFile] : []), option.relayAgent]
  const order = [...required, ...(request.wantedOptions.length > 0 ? request.wantedOptions : known.keys()), ...always.slice(required.length)]
  const last = known.get(option.relayAgent)
  const options = new Map(order.flatMap((code) => (known.has(code) && code !== option.relayAgent ? [[code, known.get(code) as Uint8Array] as const] : [])))
  if (last) options.set(option.relayAgent, last)
  const hasFile = boot.kind === 'boot'
  return {
    ...emptyReply(asked), yourAddress: grant.address, nextServer: hasFile ? boot.nextServer : '0.0.0.0',
    bootFile: hasFile && boot.file.length < 128 ? boot.file : '', options,
    clientAddress: grant.type === 'ack' ? asked.clientAddress : '0.0.0.0',
  }
}

/** A refusal: the client must forget its address and begin again. @see RFC 2131 table 3 */
export function composeNak(request: BootRequest, asked: DhcpMessage, network: NetworkView, why: string): DhcpMessage {
  const options = new Map([
    [option.messageType, byteOption(messageTypes.indexOf('nak') + 1)],
    [option.serverId, addressesOption([network.address])],
    [option.message, encodeLatin(why)],
    ...echoed(asked),
  ])
  // Behind a relay the client's address is of no use any more, so the relay must broadcast (RFC 2131 §4.3.2).
  return { ...emptyReply(asked), flags: request.relayAddress === null ? asked.flags : asked.flags | broadcastFlag, options }
}

/** The reply without its last dispensable option, or undefined where only the required ones are left. */
export function dropLastOption(reply: DhcpMessage): DhcpMessage | undefined {
  const codes = Array.from(reply.options.keys()).filter((code) => !required.includes(code) && code !== option.relayAgent && code !== option.mask)
  const victim = codes.at(-1)
  if (victim === undefined) return undefined
  return { ...reply, options: new Map(Array.from(reply.options).filter(([code]) => code !== victim)) }
}

const emptyReply = (asked: DhcpMessage): DhcpMessage => ({
  ...asked, op: 'reply', hops: 0, secs: 0, clientAddress: '0.0.0.0', yourAddress: '0.0.0.0', nextServer: '0.0.0.0', serverName: '', bootFile: '', options: new Map(),
})

const leaseTimes = (seconds: number): [number, Uint8Array][] => [
  [option.leaseTime, longOption(seconds)],
  [option.renewalTime, longOption(Math.floor(seconds / 2))],
  [option.rebindingTime, longOption(Math.floor((seconds * 7) / 8))],
]

function networkOptions(network: NetworkView, hostname: string | null): [number, Uint8Array][] {
  const cidr = parseCidr(network.cidr)
  return [
    ...(cidr ? [[option.mask, addressesOption([renderIpv4(cidr.mask)])], [option.broadcast, addressesOption([renderIpv4(cidr.last)])]] as [number, Uint8Array][] : []),
    ...(network.gateway === '' ? [] : [[option.router, addressesOption([network.gateway])]] as [number, Uint8Array][]),
    ...(network.dns.length === 0 ? [] : [[option.dns, addressesOption(network.dns)]] as [number, Uint8Array][]),
    ...(network.ntp.length === 0 ? [] : [[option.ntp, addressesOption(network.ntp)]] as [number, Uint8Array][]),
    ...(network.domain === '' ? [] : [[option.domain, encodeLatin(network.domain)], [option.domainSearch, domainSearchOption([network.domain])]] as [number, Uint8Array][]),
    ...(hostname ? [[option.hostname, encodeLatin(hostname)]] as [number, Uint8Array][] : []),
  ]
}

function bootOptions(request: BootRequest, boot: BootAnswer, asked: DhcpMessage): [number, Uint8Array][] {
  if (boot.kind !== 'boot') return []
  const uuid = asked.options.get(option.clientUuid)
  const options: [number, Uint8Array][] = [[option.bootFile, encodeLatin(boot.file)], [option.tftpServer, encodeLatin(boot.nextServer)]]
  if (boot.vendorClass) options.push([option.vendorClass, encodeLatin(boot.vendorClass)])
  if (boot.vendorOptions) options.push([option.vendorSpecific, boot.vendorOptions])
  if (boot.ipxeOptions) options.push([option.ipxe, boot.ipxeOptions])
  if (uuid && request.bootClass) options.push([option.clientUuid, uuid])
  return options
}

const echoed = (asked: DhcpMessage): [number, Uint8Array][] => [option.clientId, option.relayAgent].flatMap((code) => {
  const value = asked.options.get(code)
  return value ? [[code, value] as [number, Uint8Array]] : []
})
