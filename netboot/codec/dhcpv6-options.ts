import { decodeOptions, encodeOptions, type Dhcp6Option } from './dhcpv6.ts'
import { cleanText } from './dhcp4-options.ts'
import { encodeIpv6, renderIpv6 } from './ipv6.ts'
import { encodeLatin } from './latin.ts'

/** The DHCPv6 options that netboot reads or writes, by number. @see IANA's registry "DHCPv6 Option Codes" */
export const option6 = {
  clientId: 1, serverId: 2, iaNa: 3, iaTa: 4, iaAddress: 5, optionRequest: 6, preference: 7, elapsedTime: 8, status: 13, rapidCommit: 14, userClass: 15, vendorClass: 16,
  interfaceId: 18, dns: 23, domainList: 24, iaPd: 25, sntp: 31, fqdn: 39, bootUrl: 59, bootParameters: 60, architecture: 61, networkInterface: 62, clientLinkAddress: 79,
} as const

/** Status codes that a server of ours gives. @see RFC 8415 §21.13 */
export const status6 = { success: 0, noAddresses: 2, noBinding: 3, notOnLink: 4, noPrefix: 6 } as const

/** Whose number stands before the vendor class of PXE and HTTP Boot: Intel's. */
const intelEnterprise = 343

/** The value of the first option of that number, or undefined. */
export const findOption = (options: readonly Dhcp6Option[], code: number): Uint8Array | undefined => options.find((one) => one.code === code)?.value

/** An identity association for addresses that are not temporary: what one interface of a client shall have. Times in seconds. */
export interface IaNa {
  readonly iaid: number
  /** T1 */
  readonly renewSeconds: number
  /** T2 */
  readonly rebindSeconds: number
  readonly addresses: readonly IaAddress[]
  readonly status: { readonly code: number; readonly text: string } | null
}
/** An address of an IA_NA with its two lifetimes. @see RFC 8415 §21.6 */
export interface IaAddress { readonly address: string; readonly preferredSeconds: number; readonly validSeconds: number }

/** All identity associations (option 3) of a message, at most 8; undefined where one is malformed. @see RFC 8415 §21.4, §21.6 */
export function readIaNas(options: readonly Dhcp6Option[]): readonly IaNa[] | undefined {
  const all = options.filter(({ code }) => code === option6.iaNa)
  if (all.length > 8) return undefined
  const read: IaNa[] = []
  for (const { value } of all) {
    const inner = value.length < 12 ? undefined : decodeOptions(value, 12)
    if (!inner?.ok) return undefined
    const addresses: IaAddress[] = []
    for (const one of inner.value) {
      if (one.code !== option6.iaAddress) continue
      if (one.value.length < 24) return undefined
      addresses.push({ address: renderIpv6(one.value), preferredSeconds: number32(one.value, 16), validSeconds: number32(one.value, 20) })
    }
    const status = findOption(inner.value, option6.status)
    read.push({ iaid: number32(value, 0), renewSeconds: number32(value, 4), rebindSeconds: number32(value, 8), addresses, status: status && status.length >= 2 ? { code: number16(status, 0), text: cleanText(status.subarray(2)) } : null })
  }
  return read
}

/** An identity association as option 3. */
export function iaNaOption({ iaid, renewSeconds, rebindSeconds, addresses, status }: IaNa): Dhcp6Option {
  const inner = addresses.map((one) => ({ code: option6.iaAddress, value: Uint8Array.of(...encodeIpv6(one.address), ...bytes32(one.preferredSeconds), ...bytes32(one.validSeconds)) }))
  return { code: option6.iaNa, value: Uint8Array.of(...bytes32(iaid), ...bytes32(renewSeconds), ...bytes32(rebindSeconds), ...encodeOptions([...inner, ...(status ? [statusOption(status.code, status.text)] : [])])) }
}

/** An option that refuses what a client asks for beside addresses (options 4 and 25): its IAID and why. */
export const refusedIa = (code: 4 | 25, iaid: Uint8Array, why: number, text: string): Dhcp6Option => ({
  code, value: Uint8Array.of(...iaid.subarray(0, 4), ...(code === option6.iaPd ? new Uint8Array(8) : []), ...encodeOptions([statusOption(why, text)])),
})

/** A status with its sentence. */
export const statusOption = (code: number, text: string): Dhcp6Option => ({ code: option6.status, value: Uint8Array.of(...bytes16(code), ...encodeLatin(text)) })

/** Option 6: what the client wants to be told. */
export const readWanted = (options: readonly Dhcp6Option[]): readonly number[] => readNumbers(findOption(options, option6.optionRequest))

/** Option 61: which firmware is asking, empty where absent. Numbers as in DHCPv4's option 93. @see RFC 5970 §3.3 */
export const readArchitectures6 = (options: readonly Dhcp6Option[]): readonly number[] => readNumbers(findOption(options, option6.architecture))

/** Option 8: how long the client has been trying, in milliseconds; 0 where absent. */
export const readElapsedMs = (options: readonly Dhcp6Option[]): number => number16(findOption(options, option6.elapsedTime) ?? nothing, 0) * 10

/** Option 16 as text that can be shown: its first class, without the enterprise number. Empty where absent. @see RFC 8415 §21.16 */
export function readVendorClass(options: readonly Dhcp6Option[]): string {
  const value = findOption(options, option6.vendorClass)
  return value === undefined || value.length < 6 ? '' : cleanText(value.subarray(6, 6 + number16(value, 4)))
}

/** Option 16 as firmware expects it back. */
export const vendorClassOption = (text: string): Dhcp6Option => ({ code: option6.vendorClass, value: Uint8Array.of(...bytes32(intelEnterprise), ...bytes16(text.length), ...encodeLatin(text)) })

/** Whether iPXE is asking: one of the classes of option 15 is `iPXE`. @see RFC 8415 §21.15 */
export function readIsIpxe6(options: readonly Dhcp6Option[]): boolean {
  const value = findOption(options, option6.userClass) ?? nothing
  for (let at = 0; at + 2 <= value.length; at += 2 + number16(value, at)) if (cleanText(value.subarray(at + 2, at + 2 + number16(value, at))) === 'iPXE') return true
  return false
}

/** Option 39 as text that can be shown: the first label of the client's name; empty where absent. @see RFC 4704 §4 */
export function readHostname6(options: readonly Dhcp6Option[]): string {
  const value = findOption(options, option6.fqdn)
  if (value === undefined) return ''
  const length = value[1] ?? 0
  return length > 63 ? '' : cleanText(value.subarray(2, 2 + length), 63)
}

const nothing: Uint8Array = new Uint8Array()
const number16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)
const number32 = (bytes: Uint8Array, at: number): number => number16(bytes, at) * 65536 + number16(bytes, at + 2)
const bytes16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff]
const bytes32 = (value: number): number[] => [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
const readNumbers = (value: Uint8Array = nothing): readonly number[] => Array.from({ length: value.length >> 1 }, (_, index) => number16(value, 2 * index))
