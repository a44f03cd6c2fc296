import { expect, test } from 'vitest'
import type { NetworkPatch } from '#contract/network-api'
import { parseSettings } from './parse-settings.ts'

test.each<[string[], NetworkPatch]>([
  [['mode=proxy', 'policy=ignore'], { mode: 'proxy', policy: 'ignore' }],
  [['lease=10m'], { leaseSeconds: 600 }], [['lease=1d'], { leaseSeconds: 86_400 }], [['lease=900'], { leaseSeconds: 900 }],
  [['ranges=10.77.0.10-10.77.0.20,10.77.0.30-10.77.0.40'], { ranges: [{ from: '10.77.0.10', to: '10.77.0.20' }, { from: '10.77.0.30', to: '10.77.0.40' }] }],
  [['excluded=10.77.0.15'], { excluded: [{ from: '10.77.0.15', to: '10.77.0.15' }] }],
  [['dns=10.0.0.1, 10.0.0.2', 'ntp='], { dns: ['10.0.0.1', '10.0.0.2'], ntp: [] }], [['dns=default'], { dns: null }],
  [['title=Rack 4, left'], { title: 'Rack 4, left' }], [['authoritative=yes', 'other-server=refuse'], { authoritative: true, whenOtherServer: 'refuse' }],
  [['ipv6=fd00:77::/64'], { ipv6Prefix: 'fd00:77::/64' }], [['ipv6='], { ipv6Prefix: '' }],
  [['option.interface-mtu=9000'], { options: [{ option: 100, type: 'text', value: 'UTC' }, { option: 26, value: '9000' }] }],
  [['option.posix-timezone=CET-1'], { options: [{ option: 100, value: 'CET-1' }] }], [['option.100='], { options: [] }],
  [['option.224:hex=00ff'], { options: [{ option: 100, type: 'text', value: 'UTC' }, { option: 224, value: '00ff', type: 'hex' }] }],
])('%j', (words, patch) => expect(parseSettings(words, [{ code: 100, name: 'posix-timezone', type: 'text', value: 'UTC' }])).toEqual(patch))

test.each([
  [['mode'], 'write KEY=VALUE'], [['mode=half'], 'one of full, proxy'], [['lease=soon'], 'a lease time is seconds'], [['colour=red'], 'there is no setting “colour”'],
  [['option.frobnicate=1'], 'there is no option “frobnicate”'], [['option.6=10.0.0.1'], 'use the DNS servers'],
])('%j is a wrong call', (words, sentence) => expect(() => parseSettings(words, [])).toThrow(sentence))
