import { parseMac, type Mac } from '#contract/mac'
import { fault, ok, type Result } from '#contract/result'
import type { Dhcp6Datagram, Dhcp6Option, Dhcp6Relay, Dhcp6Type } from '../../codec/dhcpv6.ts'
import { findOption, option6, readArchitectures6, readElapsedMs, readHostname6, readIaNas, readIsIpxe6, readVendorClass, readWanted, type IaNa } from '../../codec/dhcpv6-options.ts'
import { readDuid } from '../../codec/duid.ts'
import { macOfEui64 } from '../../codec/ipv6.ts'
import { renderUuid } from '../../codec/uuid.ts'
import type { ClientFacts, DropReason } from '../../site.ts'
import { findArchitecture, type BootRequest } from '../dhcp/boot-request.ts'

/** What a client may send to a server. */
export type AskingType = Exclude<Dhcp6Type, 'advertise' | 'reply' | 'reconfigure'>

/** The facts of a DHCPv6 request that decisions need. */
export interface Request6 extends Pick<BootRequest, 'client' | 'bootClass' | 'architecture'> {
  readonly type: AskingType
  readonly transaction: number
  /** Of the card that asks; null where nothing says it: an address is given, and it is nobody's in the registry. */
  readonly mac: Mac | null
  /** Empty only of an information request. */
  readonly duid: Uint8Array
  readonly serverId: Uint8Array | null
  readonly associations: readonly IaNa[]
  /** Temporary addresses and prefixes that it asks for: we have none. */
  readonly unserved: readonly (Dhcp6Option & { readonly code: 4 | 25 })[]
  readonly wanted: readonly number[]
  readonly wantsRapidCommit: boolean
  readonly elapsedMs: number
  readonly relays: readonly Dhcp6Relay[]
}

/**
 * The facts of a message that came from `from`. Faults name why it is none of our business.
 *
 * The hardware address is what a relay says of it (option 79), else that of a link-local address made from it, which OVMF and iPXE have, else
 * that in the DUID: a DUID is of the machine and may tell another of its cards.
 */
export function readRequest6({ relays, message }: Dhcp6Datagram, from: string): Result<Request6, { kind: DropReason & ('not-a-request' | 'malformed') }> {
  const { type, transaction, options } = message
  if (type === 'advertise' || type === 'reply' || type === 'reconfigure') return fault({ kind: 'not-a-request' })
  const duid = findOption(options, option6.clientId) ?? nothing
  const named = readDuid(duid)
  const associations = readIaNas(options)
  if (associations === undefined || (named === undefined && !(type === 'informationRequest' && duid.length === 0))) return fault({ kind: 'malformed' })
  const nearest = relays.at(-1)
  const linkAddress = nearest && readLinkAddress(findOption(nearest.options, option6.clientLinkAddress))
  const mac = usable(linkAddress ?? macOfEui64(nearest?.peerAddress ?? from) ?? named?.mac ?? undefined)
  const vendorClass = readVendorClass(options)
  const bootClass = vendorClass.startsWith('PXEClient') ? 'PXEClient' : vendorClass.startsWith('HTTPClient') ? 'HTTPClient' : null
  const isIpxe = readIsIpxe6(options)
  const architecture = bootClass === null && !isIpxe ? null : findArchitecture(readArchitectures6(options))
  const kind: ClientFacts['kind'] = isIpxe ? 'ipxe' : bootClass ? 'firmware' : 'system'
  return ok({
    type, transaction, mac, duid, associations, bootClass, architecture, relays,
    client: { kind, architecture: architecture?.id ?? null, vendorClass: vendorClass.slice(0, 64), hostname: readHostname6(options), uuid: readUuid(kind, named?.uuidBytes ?? null) },
    serverId: findOption(options, option6.serverId) ?? null,
    unserved: options.filter((one): one is Dhcp6Option & { code: 4 | 25 } => (one.code === option6.iaTa && one.value.length >= 4) || (one.code === option6.iaPd && one.value.length >= 12)).slice(0, 4),
    wanted: readWanted(options), wantsRapidCommit: findOption(options, option6.rapidCommit) !== undefined, elapsedMs: readElapsedMs(options),
  })
}

const nothing = new Uint8Array()

/** Option 79: hardware type 1, Ethernet. @see RFC 6939 §4 */
function readLinkAddress(value: Uint8Array | undefined): Mac | undefined {
  if (value?.length !== 8 || value[0] !== 0 || value[1] !== 1) return undefined
  return parseMac(Array.from(value.subarray(2), (byte) => byte.toString(16).padStart(2, '0')).join(''))
}

const usable = (mac: Mac | undefined): Mac | null => (mac === undefined || mac === '00:00:00:00:00:00' || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 ? null : mac)

/**
 * Quirk: OVMF puts the UUID into its DUID as SMBIOS stores it (ovmf-pxe.hex), iPXE in canonical form as RFC 6355 §4 says (ipxe-efi.hex). That of an installed system is made of
 * its machine-id and says nothing of the hardware.
 */
function readUuid(kind: ClientFacts['kind'], bytes: Uint8Array | null): string | null {
  if (bytes === null || kind === 'system') return null
  return renderUuid(bytes, kind === 'firmware' ? 'swapped' : 'canonical')
}
