import { expect, test } from 'vitest'
import type { Network, NetworkPatch } from '#contract/network-api'
import { draftOf, readDraft, renderLease, type SettingsDraft } from './settings-draft.ts'

const network: Network = {
  id: 'lab', title: 'Lab', interface: 'eth0', cidr: '10.77.0.0/24', address: '10.77.0.1', gateway: '10.77.0.1', mode: 'full', policy: 'discover', rangeFrom: '10.77.0.100', rangeTo: '10.77.0.199', leasesActive: 0, poolSize: 100, poolFree: 100,
  otherServers: [], addressServers: [], main: true, relayed: false, ranges: [{ from: '10.77.0.100', to: '10.77.0.199' }], excluded: [{ from: '10.77.0.150', to: '10.77.0.150' }], dns: ['10.77.0.1', '9.9.9.9'], ntp: [], domain: 'lab.test', leaseSeconds: 3600,
  options: [{ code: 26, name: 'interface-mtu', type: 'integer', value: 9000 }, { code: 224, name: '', type: 'hex', value: '00ff' }], authoritative: false, whenOtherServer: 'warn', ipv6Prefix: '', reservations: 0, conflicts: 0, notices: [],
}
const draft = draftOf(network)

test('an untouched draft changes nothing', () => expect(readDraft(network, draft)).toEqual({ ok: true, value: {} }))
test.each<[Partial<SettingsDraft>, NetworkPatch]>([
  [{ title: ' Rack ' }, { title: 'Rack' }], [{ dns: '1.1.1.1 8.8.8.8' }, { dns: ['1.1.1.1', '8.8.8.8'] }], [{ dns: '' }, { dns: [] }], [{ ipv6Prefix: ' fd00:77::/64' }, { ipv6Prefix: 'fd00:77::/64' }], [{ lease: '10m' }, { leaseSeconds: 600 }], [{ lease: '2 hours' }, { leaseSeconds: 7200 }], [{ lease: '90' }, { leaseSeconds: 90 }],
  [{ ranges: '10.77.0.10 - 10.77.0.20\n10.77.0.30 to 10.77.0.40, 10.77.0.50' }, { ranges: [{ from: '10.77.0.10', to: '10.77.0.20' }, { from: '10.77.0.30', to: '10.77.0.40' }, { from: '10.77.0.50', to: '10.77.0.50' }] }],
  [{ excluded: '' }, { excluded: [] }], [{ authoritative: true, whenOtherServer: 'refuse' }, { authoritative: true, whenOtherServer: 'refuse' }],
  [{ options: [{ option: 'interface-mtu', type: 'integer', value: '1500' }, { option: '224', type: 'hex', value: '01' }] }, { options: [{ option: 'interface-mtu', value: '1500' }, { option: '224', type: 'hex', value: '01' }] }], [{ options: [] }, { options: [] }],
])('%j becomes %j', (change, patch) => expect(readDraft(network, { ...draft, ...change })).toEqual({ ok: true, value: patch }))
test.each<[Partial<SettingsDraft>, string]>([[{ lease: 'soon' }, 'is no lease time'], [{ options: [{ option: '', type: 'text', value: 'x' }] }, 'has no name'], [{ options: [{ option: 'root-path', type: 'text', value: ' ' }] }, 'root-path has no value']])('%j is unreadable', (change, sentence) => {
  const read = readDraft(network, { ...draft, ...change })
  expect(read.ok ? '' : read.fault.sentence).toContain(sentence)
})
test.each([[86_400, '1d'], [5400, '90m'], [3600, '1h'], [601, '601']])('%i seconds are %s', (seconds, text) => expect(renderLease(seconds)).toBe(text))
