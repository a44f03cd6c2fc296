import { optionKinds, ownedOptions, type OptionKind, type OptionType } from '#contract/dhcp-options'
import type { NetworkOption, OptionRequest } from '#contract/network-api'
import { fault, ok, type Result } from '#contract/result'
import { addressesOption, domainSearchOption } from '#netboot/codec/dhcp4-options'
import { encodeIpv4, parseCidr, parseIpv4 } from '#netboot/codec/ipv4'

/** Why an option cannot be told, as a sentence. */
export interface OptionFault { readonly kind: 'bad-option'; readonly sentence: string }

type Value = NetworkOption['value']

/** Types whose values may go in several pieces, which clients join again. @see RFC 3396, RFC 3397 §3, RFC 3442 */
const longTypes: ReadonlySet<OptionType> = new Set(['text', 'domains', 'routes'])
/** Of the 1,472 bytes of one Ethernet frame, less the fixed fields and some 200 bytes of other options. Clients that take less are sent none of it. */
const mostLongBytes = 1024

/** An option as asked for, in the form of its type: the value of any type may come as text, and a list as text with commas. */
export function parseOption(asked: OptionRequest): Result<NetworkOption, OptionFault> {
  const kind = findKind(asked)
  if (!kind.ok) return kind
  const { code, name, type } = kind.value
  const bad = (sentence: string): Result<NetworkOption, OptionFault> => fault({ kind: 'bad-option', sentence: `Option ${label(kind.value)} ${sentence}` })
  const value = parseValue(kind.value, asked.value)
  if (!value.ok) return bad(value.fault.sentence)
  const { length } = encodeOption({ code, name, type, value: value.value })
  if (length === 0) return bad('has no value: leave it out instead.')
  const most = longTypes.has(type) ? mostLongBytes : 255
  if (length <= most) return ok({ code, name, type, value: value.value })
  return bad(most === 255 ? `is ${length} bytes long; 255 fit into one option.` : `is ${length} bytes long; ${most} fit into an answer beside what every client needs.`)
}

/** The bytes of an option's value on the wire. Throws where the value was not made by `parseOption`. */
export function encodeOption({ code, type, value }: NetworkOption): Uint8Array {
  const list = Array.isArray(value) ? value : [String(value)]
  switch (type) {
    case 'text': return new TextEncoder().encode(String(value))
    case 'address':
    case 'addresses': return addressesOption(list)
    case 'integer': return integerBytes(Number(value), widthOf(code))
    case 'boolean': return Uint8Array.of(value === true ? 1 : 0)
    case 'hex': return Uint8Array.from(String(value).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    case 'domains': return domainSearchOption(list)
    case 'routes': return Uint8Array.from(list.flatMap(routeBytes))
  }
}

function findKind({ option, type }: OptionRequest): Result<OptionKind, OptionFault> {
  const no = (sentence: string): Result<OptionKind, OptionFault> => fault({ kind: 'bad-option', sentence })
  const number = typeof option === 'number' ? option : /^\d{1,3}$/.test(option.trim()) ? Number(option) : undefined
  const known = optionKinds.find((one) => (number === undefined ? one.name === String(option).trim().toLowerCase() : one.code === number))
  const code = known?.code ?? number
  if (code === undefined) return no(`There is no option called “${String(option)}”: name one that is known, or give its number from 1 to 254.`)
  if (code > 254) return no(`There is no option ${code}: options have numbers from 1 to 254.`)
  const owner = ownedOptions[code]
  if (owner !== undefined) return no(`Option ${code} cannot be set here: ${owner}.`)
  if (known !== undefined && (type === undefined || type === known.type)) return ok(known)
  if (known !== undefined && type !== 'hex') return no(`Option ${label(known)} takes ${describe(known)}, not the type ${type ?? ''}.`)
  if (type === undefined) return no(`Option ${code} is not known by name: say of which type its value is, such as text, address or hex.`)
  return ok({ code, name: known?.name ?? '', type })
}

function parseValue(kind: OptionKind, value: Value): Result<Value, OptionFault> {
  const takes = (but = ''): Result<Value, OptionFault> => fault({ kind: 'bad-option', sentence: `takes ${describe(kind)}${but}.` })
  const list = (Array.isArray(value) ? value : String(value).split(',')).map((one) => one.trim()).filter((one) => one !== '')
  const text = Array.isArray(value) ? value.join(',') : String(value).trim()
  switch (kind.type) {
    case 'text': return /[\u0000-\u001f\u007f]/.test(text) ? takes(' without control characters') : ok(text)
    case 'address': return parseIpv4(text) === undefined ? takes(`, not “${text}”`) : ok(text)
    case 'addresses': return allFit(list, (one) => parseIpv4(one) !== undefined)
    case 'domains': return allFit(list, isDomain)
    case 'routes': return allFit(list.map((one) => one.replaceAll(/\s+/g, ' ')), (one) => routeBytes(one).length > 0)
    case 'integer': {
      const number = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN
      const top = 2 ** (8 * widthOf(kind.code))
      // A time offset is the one signed number among them (RFC 2132 §3.4).
      return number < top && number >= (kind.code === 2 ? -top / 2 : 0) ? ok(number) : takes(`, not “${text}”`)
    }
    case 'boolean': {
      const word = text.toLowerCase()
      if (['true', 'yes', 'on', '1'].includes(word)) return ok(true)
      return ['false', 'no', 'off', '0'].includes(word) ? ok(false) : takes(`, not “${text}”`)
    }
    case 'hex': {
      const hex = text.toLowerCase().replaceAll(/^0x|[:\s-]/g, '')
      return /^([0-9a-f]{2})*$/.test(hex) ? ok(hex) : takes(`, not “${text}”`)
    }
  }
  function allFit(all: string[], fits: (one: string) => boolean): Result<Value, OptionFault> {
    const wrong = all.find((one) => !fits(one))
    return wrong === undefined ? ok(all) : takes(`, not “${wrong}”`)
  }
}

/** A DNS name: labels of letters, digits and hyphens, at most 253 characters in all. */
export const isDomain = (text: string): boolean => text.length <= 253 && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i.test(text)

/** Destination descriptor and router; empty for what is no route. @see RFC 3442 */
function routeBytes(text: string): number[] {
  const [, cidr = '', router = ''] = /^(\S+)(?: via)? (\S+)$/.exec(text) ?? []
  const network = parseCidr(cidr)
  const bits = Number(cidr.split('/')[1])
  if (network === undefined || parseIpv4(router) === undefined) return []
  return [bits, ...Array.from(longBytes(network.first)).slice(0, Math.ceil(bits / 8)), ...encodeIpv4(router)]
}

const longBytes = (value: number): Uint8Array => integerBytes(value, 4)
const integerBytes = (value: number, width: number): Uint8Array => Uint8Array.from({ length: width }, (_, index) => Math.floor((value < 0 ? value + 2 ** (8 * width) : value) / 2 ** (8 * (width - 1 - index))) & 0xff)
const widthOf = (code: number): number => optionKinds.find((one) => one.code === code)?.bytes ?? 4
const label = ({ code, name }: OptionKind): string => (name === '' ? String(code) : `${code} (${name})`)

function describe(kind: OptionKind): string {
  const words: Record<OptionType, string> = {
    text: 'text', address: 'one IPv4 address', addresses: 'one or more IPv4 addresses', integer: `a whole number of at most ${2 ** (8 * widthOf(kind.code)) - 1}`, boolean: 'yes or no',
    hex: 'bytes as hex digits', domains: 'one or more domain names', routes: 'routes such as 10.0.0.0/8 via 10.77.0.1',
  }
  return words[kind.type]
}
