import { optionKinds, type OptionType } from '#contract/dhcp-options'
import type { AddressRange, Network, NetworkPatch } from '#contract/network-api'
import { fault, ok, type Result } from '#contract/result'

/** An option as it is being edited; `option` is its number or name. */
export interface OptionDraft { readonly option: string, readonly type: OptionType, readonly value: string }

/** The settings of a network as text in a form. Ranges are one a line; a lease time may be 10m, 1h or 1d. */
export interface SettingsDraft {
  readonly title: string, readonly gateway: string, readonly dns: string, readonly ntp: string, readonly domain: string, readonly lease: string, readonly ipv6Prefix: string
  readonly ranges: string, readonly excluded: string, readonly authoritative: boolean, readonly whenOtherServer: Network['whenOtherServer'], readonly options: readonly OptionDraft[]
}

const spans: readonly (readonly [string, number])[] = [['d', 86_400], ['h', 3600], ['m', 60]]

/** A number of seconds in its largest whole unit: `1h`. */
export function renderLease(seconds: number): string {
  const [unit, size] = spans.find(([, size]) => seconds % size === 0) ?? ['', 1]
  return `${seconds / size}${unit}`
}

/** A range as text; one address alone stands for itself. */
export const renderRange = ({ from, to }: AddressRange): string => (from === to ? from : `${from} - ${to}`)

/** The present settings as text. */
export const draftOf = (network: Network): SettingsDraft => ({
  title: network.title, gateway: network.gateway, dns: network.dns.join(', '), ntp: network.ntp.join(', '), domain: network.domain, lease: renderLease(network.leaseSeconds), ipv6Prefix: network.ipv6Prefix,
  ranges: network.ranges.map(renderRange).join('\n'), excluded: network.excluded.map(renderRange).join('\n'), authoritative: network.authoritative, whenOtherServer: network.whenOtherServer,
  options: network.options.map(({ code, name, type, value }) => ({ option: name || String(code), type, value: Array.isArray(value) ? value.join(', ') : String(value) })),
})

/** What a draft changes, or the sentence that says what cannot be read. The appliance judges the rest. */
export function readDraft(network: Network, draft: SettingsDraft): Result<NetworkPatch, { kind: 'unreadable', sentence: string }> {
  const before = draftOf(network)
  const patch: NetworkPatch = {}
  for (const key of ['title', 'gateway', 'domain', 'ipv6Prefix'] as const) if (draft[key].trim() !== before[key]) patch[key] = draft[key].trim()
  for (const key of ['dns', 'ntp'] as const) if (draft[key] !== before[key]) patch[key] = words(draft[key])
  for (const key of ['ranges', 'excluded'] as const) if (draft[key] !== before[key]) patch[key] = draft[key].split(/[\n,;]/).map((line) => line.trim()).filter((line) => line !== '').map(readRange)
  if (draft.lease.trim() !== before.lease) {
    const seconds = readLease(draft.lease)
    if (seconds === undefined) return fault({ kind: 'unreadable', sentence: `“${draft.lease}” is no lease time: write seconds, or 10m, 1h, 1d.` })
    patch.leaseSeconds = seconds
  }
  if (draft.authoritative !== before.authoritative) patch.authoritative = draft.authoritative
  if (draft.whenOtherServer !== before.whenOtherServer) patch.whenOtherServer = draft.whenOtherServer
  if (JSON.stringify(draft.options) !== JSON.stringify(before.options)) {
    const empty = draft.options.find(({ option, value }) => option.trim() === '' || value.trim() === '')
    if (empty) return fault({ kind: 'unreadable', sentence: empty.option.trim() === '' ? 'An option has no name: choose one, or remove its line.' : `The option ${empty.option} has no value: give it one, or remove its line.` })
    patch.options = draft.options.map(({ option, type, value }) => (optionKinds.some(({ name }) => name === option) ? { option, value } : { option, type, value }))
  }
  return ok(patch)
}

const words = (text: string): string[] => text.split(/[\s,;]+/).filter((word) => word !== '')

function readRange(line: string): AddressRange {
  const [from = '', to = from] = line.split(/\s*(?:-|–|\bto\b)\s*/)
  return { from: from.trim(), to: to.trim() }
}

function readLease(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,7})\s*([smhd]?)\w*$/.exec(text.trim().toLowerCase()) ?? []
  return number === undefined ? undefined : Number(number) * (spans.find(([name]) => name === unit)?.[1] ?? 1)
}
