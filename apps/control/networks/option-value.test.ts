import { describe, expect, it } from 'vitest'
import { ownedOptions, optionKinds } from '#contract/dhcp-options'
import type { OptionRequest } from '#contract/network-api'
import { encodeOption, parseOption } from './option-value.ts'

const hex = (asked: OptionRequest): string => {
  const parsed = parseOption(asked)
  return parsed.ok ? Buffer.from(encodeOption(parsed.value)).toString('hex') : parsed.fault.sentence
}

describe('an option of a network', () => {
  it.each<[OptionRequest, string]>([
    [{ option: 'interface-mtu', value: 9000 }, '2328'],
    [{ option: 'interface-mtu', value: '1500' }, '05dc'],
    [{ option: 26, value: '1500' }, '05dc'],
    [{ option: '26', type: 'hex', value: '05:dc' }, '05dc'],
    [{ option: 'time-offset', value: -3600 }, 'fffff1f0'],
    [{ option: 'ip-forwarding', value: 'yes' }, '01'],
    [{ option: 'ip-forwarding', value: false }, '00'],
    [{ option: 'tzdb-timezone', value: 'Europe/Vienna' }, Buffer.from('Europe/Vienna').toString('hex')],
    [{ option: 'log-servers', value: '10.77.0.1, 10.77.0.2' }, '0a4d00010a4d0002'],
    [{ option: 'log-servers', value: ['10.77.0.1'] }, '0a4d0001'],
    [{ option: 'domain-search', value: ['lab.test'] }, '036c6162047465737400'],
    // RFC 3442: the examples of its section on the width of a destination.
    [{ option: 'classless-routes', value: ['10.0.0.0/8 via 10.77.0.1', '0.0.0.0/0 via 10.77.0.2', '10.17.0.0/16 10.77.0.3'] }, '080a0a4d0001000a4d0002100a110a4d0003'],
    [{ option: 224, type: 'integer', value: 1 }, '00000001'],
    [{ option: 224, type: 'text', value: 'x' }, '78'],
  ])('%j is %s on the wire', (asked, bytes) => expect(hex(asked)).toBe(bytes))

  it.each<[OptionRequest, number]>([
    [{ option: 'root-path', value: 'x'.repeat(1024) }, 1024],
    [{ option: 'classless-routes', value: Array.from({ length: 40 }, (_, n) => `10.${n}.0.0/16 via 10.77.0.1`).join(', ') }, 280],
    [{ option: 'domain-search', value: Array.from({ length: 40 }, (_, n) => `site${n}.lab.test`) }, 670],
  ])('%j is told, though it is longer than one piece', (asked, bytes) => expect(hex(asked)).toHaveLength(bytes * 2))

  it.each<[OptionRequest, string]>([
    [{ option: 'interface-mtu', value: 70_000 }, 'Option 26 (interface-mtu) takes a whole number of at most 65535, not “70000”.'],
    [{ option: 'interface-mtu', value: '1.5' }, 'not “1.5”'],
    [{ option: 'ip-forwarding', value: 'perhaps' }, 'takes yes or no, not “perhaps”'],
    [{ option: 'log-servers', value: '10.77.0.1, 10.77.0.256' }, 'takes one or more IPv4 addresses, not “10.77.0.256”'],
    [{ option: 'swap-server', value: ['10.77.0.1', '10.77.0.2'] }, 'takes one IPv4 address'],
    [{ option: 'root-path', value: '' }, 'has no value: leave it out'],
    [{ option: 'root-path', value: 'a\u0000b' }, 'without control characters'],
    [{ option: 'log-servers', value: Array.from({ length: 64 }, () => '10.0.0.1') }, 'is 256 bytes long; 255 fit into one option.'],
    [{ option: 'root-path', value: 'x'.repeat(1025) }, 'is 1025 bytes long; 1024 fit into an answer beside what every client needs.'],
    [{ option: 'classless-routes', value: Array.from({ length: 114 }, () => '10.1.2.3/32 via 10.77.0.1') }, 'is 1026 bytes long'],
    [{ option: 'classless-routes', value: '10.0.0.0/33 via 10.77.0.1' }, 'takes routes such as'],
    [{ option: 'domain-search', value: 'no spaces' }, 'takes one or more domain names'],
    [{ option: 'interface-mtu', type: 'address', value: '10.0.0.1' }, 'not the type address'],
    [{ option: 224, value: 'x' }, 'say of which type its value is'],
    [{ option: 224, type: 'hex', value: 'abc' }, 'takes bytes as hex digits'],
    [{ option: 'frobnicate', value: 'x' }, 'There is no option called “frobnicate”'],
    [{ option: 255, value: 'x' }, 'numbers from 1 to 254'],
    [{ option: 6, value: '10.0.0.1' }, 'Option 6 cannot be set here: use the DNS servers of the network.'],
    [{ option: 67, value: 'x' }, 'the appliance sets it for each machine that boots'],
  ])('%j is refused', (asked, sentence) => expect(hex(asked)).toContain(sentence))

  it('is never both known and owned by the appliance', () => {
    expect(optionKinds.filter(({ code }) => ownedOptions[code] !== undefined)).toEqual([])
    expect(new Set(optionKinds.map(({ code }) => code)).size).toBe(optionKinds.length)
  })
})
