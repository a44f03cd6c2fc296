import { describe, expect, it } from 'vitest'
import { testNetwork } from '../../../test/sim/memory-site.ts'
import { decodeRelayAgent, silentRelay } from '../../codec/relay-agent.ts'
import type { BootRequest } from './boot-request.ts'
import { chooseNetwork } from './choose-network.ts'

const networks = [
  { ...testNetwork, id: 'wire' },
  { ...testNetwork, id: 'second', cidr: '10.78.0.0/24', address: '10.78.0.1' },
  { ...testNetwork, id: 'far', cidr: '10.99.0.0/24', relayed: true },
  { ...testNetwork, id: 'elsewhere', interface: 'eth1', cidr: '10.55.0.0/24', address: '10.55.0.1' },
]
const ask = (fields: Partial<BootRequest>): BootRequest => ({
  type: 'discover', mac: '52:54:00:00:00:01', client: { kind: 'system', architecture: null, vendorClass: '', hostname: '', uuid: null }, architecture: null, bootClass: null, clientId: '', requestedAddress: null,
  serverId: null, clientAddress: null, relayAddress: null, relay: silentRelay, subnetSelection: null, wantedSeconds: null, wantsBroadcast: false, wantedOptions: [], maxBytes: 548, ...fields,
})
const link = (address: string) => ({ ...silentRelay, linkSelection: address })

describe('chooseNetwork', () => {
  it.each<[string, Partial<BootRequest>, string, string[] | string]>([
    ['a client on the wire', {}, '0.0.0.0', ['wire', 'second']],
    ['one that wishes for an address of the second network', { requestedAddress: '10.78.0.9' }, '0.0.0.0', ['second', 'wire']],
    ['one that wishes for an address behind the relay is still here', { requestedAddress: '10.99.0.9' }, '0.0.0.0', ['wire', 'second']],
    ['one that has an address', { clientAddress: '10.78.0.9' }, '10.78.0.9', ['second', 'wire']],
    ['one behind the relay that renews past it', { type: 'request', clientAddress: '10.99.0.9' }, '10.99.0.9', ['far', 'wire', 'second']],
    ['a relay on its subnet', { relayAddress: '10.99.0.254' }, '10.99.0.254', ['far']],
    ['a relay on our own wire', { relayAddress: '10.77.0.254' }, '10.77.0.254', ['wire']],
    ['a relay that selects a link', { relayAddress: '192.168.0.1', relay: link('10.99.0.0') }, '192.168.0.1', ['far']],
    ['a relay that passes a subnet selection on', { relayAddress: '192.168.0.1', subnetSelection: '10.99.0.0' }, '192.168.0.1', ['far']],
    ['a link goes before a subnet selection', { relayAddress: '192.168.0.1', relay: link('10.99.0.0'), subnetSelection: '10.77.0.0' }, '192.168.0.1', ['far']],
    ['a client on the wire may not select its subnet', { subnetSelection: '10.99.0.0' }, '0.0.0.0', ['wire', 'second']],
    ['a relay on no subnet of ours', { relayAddress: '192.168.0.1' }, '192.168.0.1', 'relay-unknown'],
    ['a link of no subnet of ours, from a relay on one', { relayAddress: '10.99.0.254', relay: link('192.168.0.0') }, '10.99.0.254', 'relay-unknown'],
    ['a relay on the subnet of another interface', { relayAddress: '10.55.0.254' }, '10.55.0.254', 'relay-unknown'],
  ])('%s', (_, fields, from, expected) => {
    const choice = chooseNetwork(ask(fields), 'eth0', networks, from)
    expect(choice.kind === 'ignore' ? choice.why : choice.networks.map(({ id }) => id)).toEqual(expected)
  })
  it('knows no network on a wire that only relays use', () => expect(chooseNetwork(ask({}), 'eth0', networks.slice(2), '0.0.0.0')).toEqual({ kind: 'ignore', why: 'no-subnet' }))
})

describe('decodeRelayAgent', () => {
  it.each([
    ['circuit and remote id', [1, 2, 65, 66, 2, 1, 9], { ok: true, value: silentRelay }],
    ['link selection and server id', [5, 4, 10, 99, 0, 0, 11, 4, 10, 9, 0, 1], { ok: true, value: { linkSelection: '10.99.0.0', serverIdOverride: '10.9.0.1' } }],
    ['a link selection of three bytes', [5, 3, 10, 99, 0], { ok: true, value: silentRelay }],
    ['nothing', [], { ok: true, value: silentRelay }],
    ['a sub-option without length', [1, 1, 9, 5], { ok: false, fault: { kind: 'sub-option-overruns', option: 5, at: 3 } }],
    ['a sub-option that is cut', [5, 4, 10, 99], { ok: false, fault: { kind: 'sub-option-overruns', option: 5, at: 0 } }],
  ])('%s', (_, bytes, expected) => expect(decodeRelayAgent(Uint8Array.from(bytes))).toEqual(expected))
})
