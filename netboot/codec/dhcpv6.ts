import { fault, ok, type Result } from '#contract/result'
import { encodeIpv6, renderIpv6 } from './ipv6.ts'
import { plainBytes } from './latin.ts'

/** DHCPv6 message types by number, relays' own apart. @see RFC 8415 §7.3 */
const dhcp6Types = {
  solicit: 1, advertise: 2, request: 3, confirm: 4, renew: 5, rebind: 6, reply: 7, release: 8, decline: 9, reconfigure: 10, informationRequest: 11,
} as const
export type Dhcp6Type = keyof typeof dhcp6Types

/** One option: several of one number may follow each other, so they are a list. */
export interface Dhcp6Option { readonly code: number; readonly value: Uint8Array }

/** A DHCPv6 message of a client or server. `transaction` has 24 bits. */
export interface Dhcp6Message {
  readonly type: Dhcp6Type
  readonly transaction: number
  readonly options: readonly Dhcp6Option[]
}

/** What one relay put around a message. Addresses in text form; `options` without the message itself. */
export interface Dhcp6Relay {
  readonly hops: number
  /** On which link the client is; `::` where the relay does not say. */
  readonly linkAddress: string
  /** Who sent to the relay: the client, or another relay. */
  readonly peerAddress: string
  readonly options: readonly Dhcp6Option[]
}

/** What came or goes in one datagram: a message, and the relays around it, the outermost first. */
export interface Dhcp6Datagram { readonly relays: readonly Dhcp6Relay[]; readonly message: Dhcp6Message }

/** Why bytes are not DHCPv6. `at` counts from the start of the innermost message that was reached. */
export type Dhcp6Fault =
  | { kind: 'too-short'; have: number; need: number }
  | { kind: 'unknown-type'; type: number }
  | { kind: 'option-overruns'; option: number; at: number; need: number; have: number }
  | { kind: 'too-many-options' }
  | { kind: 'too-many-relays' }
  | { kind: 'relay-without-message' }

const relayForward = 12
const relayReply = 13
const relayMessage = 9
/** HOP_COUNT_LIMIT. @see RFC 8415 §7.6 */
const hopLimit = 8
const optionLimit = 64

const typeNames = new Map<number, Dhcp6Type>(Object.entries(dhcp6Types).map(([name, number]) => [number, name as Dhcp6Type]))

/**
 * A datagram on port 546 or 547.
 * ```
 * 0 type | transaction 3              client and server; options from 4
 * 0 type | hops | link 16 | peer 16   relay; options from 34, option 9 holds the message
 * option: code 2, length 2, value
 * ```
 * Never throws. Values share memory with the datagram.
 * @see RFC 8415 §8, §9, §21.1
 */
export function decodeDhcp6(datagram: Uint8Array): Result<Dhcp6Datagram, Dhcp6Fault> {
  let bytes = plainBytes(datagram)
  const relays: Dhcp6Relay[] = []
  for (;;) {
    const type = bytes[0] ?? 0
    const isRelay = type === relayForward || type === relayReply
    const need = isRelay ? 34 : 4
    if (bytes.length < need) return fault({ kind: 'too-short', have: bytes.length, need })
    const options = decodeOptions(bytes, need)
    if (!options.ok) return options
    if (!isRelay) {
      const name = typeNames.get(type)
      if (name === undefined) return fault({ kind: 'unknown-type', type })
      return ok({ relays, message: { type: name, transaction: ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0), options: options.value } })
    }
    if (relays.length >= hopLimit) return fault({ kind: 'too-many-relays' })
    const inner = options.value.find(({ code }) => code === relayMessage)
    if (!inner) return fault({ kind: 'relay-without-message' })
    relays.push({ hops: bytes[1] ?? 0, linkAddress: renderIpv6(bytes, 2), peerAddress: renderIpv6(bytes, 18), options: options.value.filter((one) => one !== inner) })
    bytes = inner.value
  }
}

/** Options that fill the bytes from `from` to the end: of a message, or inside an identity association. At most 64. */
export function decodeOptions(bytes: Uint8Array, from = 0): Result<readonly Dhcp6Option[], Dhcp6Fault> {
  const options: Dhcp6Option[] = []
  for (let at = from; at < bytes.length;) {
    const code = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)
    const length = (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0)
    if (at + 4 + length > bytes.length) return fault({ kind: 'option-overruns', option: code, at, need: length + 4, have: bytes.length - at })
    if (options.length >= optionLimit) return fault({ kind: 'too-many-options' })
    options.push({ code, value: bytes.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return ok(options)
}

/** A message as a datagram; answers go back through the relays that the question came through, as relay-reply messages. Throws on a value above 65535 bytes. */
export function encodeDhcp6({ relays, message }: Dhcp6Datagram): Uint8Array {
  const { type, transaction } = message
  let bytes = Uint8Array.of(dhcp6Types[type], (transaction >> 16) & 0xff, (transaction >> 8) & 0xff, transaction & 0xff, ...encodeOptions(message.options))
  const isAnswer = type === 'advertise' || type === 'reply' || type === 'reconfigure'
  for (const { hops, linkAddress, peerAddress, options } of relays.toReversed()) {
    bytes = Uint8Array.of(isAnswer ? relayReply : relayForward, hops, ...encodeIpv6(linkAddress), ...encodeIpv6(peerAddress), ...encodeOptions([...options, { code: relayMessage, value: bytes }]))
  }
  return bytes
}

/** Options one after the other. Throws on a value above 65535 bytes. */
export function encodeOptions(options: readonly Dhcp6Option[]): Uint8Array {
  const bytes = new Uint8Array(options.reduce((sum, { value }) => sum + 4 + value.length, 0))
  let at = 0
  for (const { code, value } of options) {
    if (value.length > 0xffff) throw new Error(`option ${code} has ${value.length} bytes`)
    bytes.set([code >> 8, code & 0xff, value.length >> 8, value.length & 0xff], at)
    bytes.set(value, at + 4)
    at += 4 + value.length
  }
  return bytes
}
