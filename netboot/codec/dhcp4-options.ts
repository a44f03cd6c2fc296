import { decodeIpv4, encodeIpv4 } from './ipv4.ts'
import { decodeLatin, encodeLatin } from './latin.ts'

/** The DHCP options that netboot reads or writes, by number. @see IANA's registry "BOOTP Vendor Extensions and DHCP Options" */
export const option = {
  pad: 0, mask: 1, router: 3, dns: 6, hostname: 12, domain: 15, broadcast: 28, ntp: 42, vendorSpecific: 43,
  requestedAddress: 50, leaseTime: 51, overload: 52, messageType: 53, serverId: 54, parameterList: 55, message: 56, maxSize: 57,
  renewalTime: 58, rebindingTime: 59, vendorClass: 60, clientId: 61, tftpServer: 66, bootFile: 67, userClass: 77, relayAgent: 82,
  architecture: 93, networkInterface: 94, clientUuid: 97, subnetSelection: 118, domainSearch: 119, tftpServers: 150, ipxe: 175, end: 255,
} as const

/** DHCP message types in the order of their numbers, which begin at 1. @see RFC 2132 §9.6 */
export const messageTypes = ['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'] as const
export type MessageType = (typeof messageTypes)[number]

/** Options by number, in the order of the message; the pieces of a long option are already joined (RFC 3396). */
export type Options = ReadonlyMap<number, Uint8Array>

/** The message type, or undefined where it is absent or unknown (a BOOTP request has none). */
export function readMessageType(options: Options): MessageType | undefined {
  const value = options.get(option.messageType)
  return value?.length === 1 ? messageTypes[(value[0] ?? 0) - 1] : undefined
}

/** One address; undefined where it is absent or not four bytes. */
export function readAddress(options: Options, code: number): string | undefined {
  const value = options.get(code)
  return value?.length === 4 ? decodeIpv4(value) : undefined
}

/** Text as clients send it: Latin-1, ends at the first NUL, control characters become spaces. Empty where absent. */
export function readText(options: Options, code: number, max = 255): string {
  const value = options.get(code)
  return value === undefined ? '' : cleanText(value, max)
}

/** Bytes of a client as text that can be shown: ends at the first NUL, control characters become spaces. */
export function cleanText(bytes: Uint8Array, max = 255): string {
  if (bytes.length === 0) return ''
  const end = bytes.indexOf(0)
  return decodeLatin(end < 0 ? bytes : bytes.subarray(0, end)).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trim().slice(0, max)
}

/** A big-endian number of one to four bytes; undefined where it is absent or longer. */
export function readNumber(options: Options, code: number): number | undefined {
  const value = options.get(code)
  if (!value || value.length === 0 || value.length > 4) return undefined
  return value.reduce((sum, byte) => sum * 256 + byte, 0)
}

/**
 * The Option 93 list: which firmware is asking. Two bytes each, big-endian; an odd last byte is left out. Empty where absent.
 * @see RFC 4578 §2.1
 */
export function readArchitectures(options: Options): number[] {
  const value = options.get(option.architecture)
  if (value === undefined) return []
  return Array.from({ length: value.length >> 1 }, (_, index) => (value[2 * index] ?? 0) * 256 + (value[2 * index + 1] ?? 0))
}

/**
 * Whether iPXE is asking.
 * Quirk: iPXE sends option 77 as the bare text `iPXE`, not length-prefixed as RFC 3004 §4 says; both are taken (bios-virtio-ipxe.pcap).
 */
export function readIsIpxe(options: Options): boolean {
  const userClass = options.get(option.userClass)
  const text = userClass ? decodeLatin(userClass) : ''
  return text === 'iPXE' || text === '\u0004iPXE' || (userClass === undefined && options.has(option.ipxe))
}

/** One byte. */
export const byteOption = (value: number): Uint8Array => Uint8Array.of(value & 0xff)

/** Four bytes, big-endian: times in seconds. */
export const longOption = (value: number): Uint8Array => Uint8Array.of((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)

/** Addresses one after the other. */
export const addressesOption = (addresses: readonly string[]): Uint8Array => Uint8Array.from(addresses.flatMap((address) => Array.from(encodeIpv4(address))))

/** Domain names in DNS encoding, uncompressed. Labels are cut at 63 bytes. @see RFC 3397 §2 */
export function domainSearchOption(domains: readonly string[]): Uint8Array {
  return Uint8Array.from(domains.flatMap((domain) => {
    const labels = domain.split('.').filter((label) => label !== '')
    return [...labels.flatMap((label) => { const bytes = Array.from(encodeLatin(label.slice(0, 63))); return [bytes.length, ...bytes] }), 0]
  }))
}
