import { ownedOptions, optionKinds, type OptionType } from '#contract/dhcp-options'
import type { AddressRange, Network, NetworkPatch, OptionRequest } from '#contract/network-api'
import { wrongCall } from '../failure.ts'
import { oneOf } from '../verbs/words.ts'

/** What `networks set` and `networks add` take, for their help. */
export const settingWords = 'title, mode (full, proxy), policy (discover, ignore), gateway, dns, ntp, domain, lease (600, 10m, 1h, 1d), ranges (FROM-TO,…), excluded (ADDRESS,FROM-TO,…), authoritative (yes, no), other-server (warn, refuse), ipv6 (a prefix of 64 bits, or nothing), option.NAME; gateway, dns, ntp, ranges and excluded take the word default'

/**
 * `KEY=VALUE…` as the change of a network. Options are set one at a time, so `present` are those that stay; an empty value takes one away,
 * and `option.NUMBER:TYPE=VALUE` sets one that has no name. Throws a wrong call that says which word is not right.
 */
export function parseSettings(words: readonly string[], present: Network['options']): NetworkPatch {
  const patch: NetworkPatch = {}
  let options: OptionRequest[] | undefined
  for (const word of words) {
    const [, key = '', value = ''] = /^([a-z-]+|ipv6|option\.[\w:-]+)=(.*)$/s.exec(word) ?? []
    if (key === '') throw wrongCall(`“${word}” is not a setting: write KEY=VALUE, with one of ${settingWords}`)
    if (key.startsWith('option.')) options = withOption(options ?? present.map(({ code, type, value: kept }) => ({ option: code, type, value: kept })), key.slice('option.'.length), value)
    else Object.assign(patch, parseSetting(key, value.trim()))
  }
  return options === undefined ? patch : { ...patch, options }
}

function parseSetting(key: string, value: string): NetworkPatch {
  const list = value.split(',').map((one) => one.trim()).filter((one) => one !== '')
  const orDefault = <T>(parsed: T): T | null => (value === 'default' ? null : parsed)
  switch (key) {
    case 'title': return { title: value }
    case 'mode': return { mode: oneOf(value, ['full', 'proxy'], 'the mode') }
    case 'policy': return { policy: oneOf(value, ['discover', 'ignore'], 'the policy') }
    case 'gateway': return { gateway: orDefault(value) }
    case 'dns': return { dns: orDefault(list) }
    case 'ntp': return { ntp: orDefault(list) }
    case 'domain': return { domain: value }
    case 'lease': return { leaseSeconds: parseSpan(value) }
    case 'ranges': return { ranges: orDefault(list.map(parseRange)) }
    case 'excluded': return { excluded: orDefault(list.map(parseRange)) }
    case 'authoritative': return { authoritative: oneOf(value, ['yes', 'no'], 'authoritative') === 'yes' }
    case 'other-server': return { whenOtherServer: oneOf(value, ['warn', 'refuse'], 'what to do about another DHCP server') }
    case 'ipv6': return { ipv6Prefix: value }
    default: throw wrongCall(`there is no setting “${key}”: there are ${settingWords}`)
  }
}

/** `10.77.0.10-10.77.0.20`, or one address. */
function parseRange(text: string): AddressRange {
  const [from = '', to = from] = text.split('-').map((end) => end.trim())
  return { from, to }
}

/** Seconds of `600`, `10m`, `1h`, `1d`. */
function parseSpan(text: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,7})\s*([smhd]?)$/.exec(text) ?? []
  if (number === '') throw wrongCall(`a lease time is seconds, or 10m, 1h, 1d, not “${text}”`)
  return Number(number) * ({ m: 60, h: 3600, d: 86_400 }[unit] ?? 1)
}

function withOption(options: readonly OptionRequest[], name: string, value: string): OptionRequest[] {
  const [word = '', type] = name.split(':')
  const code = /^\d+$/.test(word) ? Number(word) : optionKinds.find((one) => one.name === word)?.code
  if (code === undefined) throw wrongCall(`there is no option “${word}”: ${optionKinds.map((one) => one.name).join(', ')}; or option.NUMBER:TYPE=VALUE`)
  const owner = ownedOptions[code]
  if (owner !== undefined) throw wrongCall(`option ${code} cannot be set: ${owner}`)
  const rest = options.filter(({ option }) => option !== code)
  return value === '' ? rest : [...rest, { option: code, value, ...(type === undefined ? {} : { type: type as OptionType }) }]
}
