import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { testNetwork } from '../../../test/sim/memory-site.ts'
import { readPcap } from '../../../test/sim/pcap.ts'
import { architectures } from '../../arch/index.ts'
import { decodeDhcp4, encodeDhcp4, type DhcpMessage } from '../../codec/dhcp4.ts'
import { option } from '../../codec/dhcp4-options.ts'
import type { MachineView, NetworkView } from '../../site.ts'
import { readBootRequest, type BootRequest } from './boot-request.ts'
import { chooseDestination } from './choose-destination.ts'
import { chooseFile } from '../boot/choose-file.ts'
import { chooseRange } from '../transfers/choose-range.ts'
import { composeNak, composeReply, dropLastOption } from './compose-reply.ts'
import { decideBoot } from '../boot/decide-boot.ts'
import { decideOffer } from './decide-offer.ts'

const folder = path.join(import.meta.dirname, '../../../test/fixtures/captures')
/** The first client message of a capture: what that firmware really sends. */
function asked(name: string): { message: DhcpMessage; request: BootRequest } {
  const datagram = readPcap(readFileSync(path.join(folder, name))).find(({ to }) => to.port === 67)
  const message = datagram && decodeDhcp4(datagram.payload)
  const request = message?.ok ? readBootRequest(message.value) : undefined
  if (!message?.ok || !request?.ok) throw new Error(`${name} does not begin with a request`)
  return { message: message.value, request: request.value }
}
const all = (): boolean => true
const machine = (decision: MachineView['decision']): MachineView => ({ id: 'm1', hostname: 'node1', decision, address: null })

describe('decideOffer', () => {
  it.each([
    ['bios-virtio-ipxe.pcap', { kind: 'boot', file: 'http://10.77.0.1/boot.ipxe', vendorClass: 'PXEClient' }],
    ['uefi-virtio-ovmfnative-pxe.pcap', { kind: 'boot', file: 'snponly.efi', nextServer: '10.77.0.1', vendorClass: 'PXEClient', vendorOptions: Uint8Array.of(6, 1, 8, 255) }],
    ['uefi-virtio-httpboot.pcap', { kind: 'boot', file: 'http://10.77.0.1/files/snponly.efi', vendorClass: 'HTTPClient', vendorOptions: null }],
    ['proxy-p-bios.pcap', { kind: 'boot' }],
  ])('answers the firmware of %s', (name, expected) => expect(decideOffer(asked(name).request, 'ramdisk', testNetwork, all)).toMatchObject(expected))

  it.each([['on the wire', {}, Uint8Array.of(176, 1, 1)], ['behind a relay', { relayed: true }, Uint8Array.of(176, 1, 1)], ['in mode proxy, where iPXE must wait for it', { mode: 'proxy' as const }, null]])('spares iPXE the wait for a proxyDHCP server: %s', (_, more, ipxeOptions) =>
    expect(decideOffer(asked('bios-virtio-ipxe.pcap').request, 'ramdisk', { ...testNetwork, ...more }, all)).toMatchObject({ ipxeOptions }))

  const { request } = asked('uefi-virtio-ovmfnative-pxe.pcap')
  it.each<[string, BootRequest, Parameters<typeof decideOffer>[1], (name?: string) => boolean, object]>([
    ['a machine that boots its disk is still given iPXE, which boots it', request, 'localDisk', all, { kind: 'boot' }],
    ['firmware of an ignored machine hears nothing', request, 'ignore', all, { kind: 'ignore', why: 'policy-ignore' }],
    ['firmware without a loader for it hears nothing', request, 'ramdisk', () => false, { kind: 'ignore', why: 'no-boot-file' }],
    ['firmware of an unknown architecture hears nothing', { ...request, architecture: null }, 'ramdisk', all, { kind: 'ignore', why: 'no-boot-file' }],
    ['64-bit ARM is never given the loader of x64', { ...request, architecture: architectures.find('uefi-arm64') ?? null }, 'ramdisk', (name?: string) => name !== 'ipxe-arm64.efi', { kind: 'ignore', why: 'no-boot-file' }],
    ['64-bit ARM boots as soon as its loader is in the manifest', { ...request, architecture: architectures.find('uefi-arm64') ?? null }, 'ramdisk', all, { kind: 'boot', file: 'ipxe-arm64.efi' }],
    ['the system of an ignored machine gets its address', { ...request, client: { ...request.client, kind: 'system' } }, 'ignore', all, { kind: 'plain' }],
  ])('%s', (_, who, decision, hasFile, expected) => expect(decideOffer(who, decision, testNetwork, hasFile)).toMatchObject(expected))
})

describe('decideOffer, where a loader may come in one way only', () => {
  const [{ request: pxe }, { request: http }, { request: ipxe }] = [asked('uefi-virtio-ovmfnative-pxe.pcap'), asked('uefi-virtio-httpboot.pcap'), asked('bios-virtio-ipxe.pcap')]
  const biosFirmware: BootRequest = { ...ipxe, client: { ...ipxe.client, kind: 'firmware' } }
  it.each<[string, BootRequest, 'tftp' | 'http', object]>([
    ['HTTP Boot is sent on to the next boot entry where it is to be TFTP', http, 'tftp', { kind: 'boot', file: 'http://10.77.0.1/files/go-on-to-the-next-boot-entry' }],
    ['PXE is sent on to the next boot entry where it is to be HTTP Boot', pxe, 'http', { kind: 'boot', file: 'go-on-to-the-next-boot-entry' }],
    ['HTTP Boot is answered where it is wanted', http, 'http', { kind: 'boot', file: 'http://10.77.0.1/files/snponly.efi' }],
    ['PXE is answered where TFTP is wanted', pxe, 'tftp', { kind: 'boot', file: 'snponly.efi' }],
    ['a BIOS has no HTTP Boot: it is never left without a loader', biosFirmware, 'http', { kind: 'boot', file: 'undionly.kpxe' }],
    ['iPXE has its loader already', ipxe, 'tftp', { kind: 'boot', file: 'http://10.77.0.1/boot.ipxe' }],
  ])('%s', (_, request, loader, expected) => expect(decideOffer(request, 'ramdisk', testNetwork, all, { refusesUnsigned: false, loader })).toMatchObject(expected))
  it('is left alone all the same where it is ignored', () => expect(decideOffer(http, 'ignore', testNetwork, all, { refusesUnsigned: false, loader: 'tftp' })).toEqual({ kind: 'ignore', why: 'policy-ignore' }))
})

describe('decideBoot', () => {
  it.each([
    ['a stranger where strangers are discovered', undefined, 'discover', true, 'ramdisk'],
    ['a stranger where they are ignored', undefined, 'ignore', true, 'ignore'],
    ['a known machine where strangers are ignored', machine('ramdisk'), 'ignore', true, 'ramdisk'],
    ['no ramdisk yet', undefined, 'discover', false, 'wait'],
    ['its disk, even without a ramdisk', machine('localDisk'), 'discover', false, 'localDisk'],
    ['held', machine('wait'), 'discover', true, 'wait'],
    ['left alone', machine('ignore'), 'discover', true, 'ignore'],
  ] as const)('%s', (_, view, policy, hasRamdisk, expected) => expect(decideBoot(view, { policy }, hasRamdisk).decision).toBe(expected))
})

describe('composeReply', () => {
  it('puts what OVMF asked for in its order and fits its size', () => {
    const { message, request } = asked('uefi-virtio-ovmfnative-pxe.pcap')
    const boot = decideOffer(request, 'ramdisk', testNetwork, all)
    const reply = composeReply(request, message, testNetwork, { type: 'offer', address: '10.77.0.9', leaseSeconds: 3600, hostname: 'node1' }, boot)
    expect(Array.from(reply.options.keys())).toEqual([53, 54, 51, 1, 3, 6, 12, 15, 28, 42, 43, 58, 59, 60, 66, 67, 97])
    expect(reply).toMatchObject({ op: 'reply', yourAddress: '10.77.0.9', nextServer: '10.77.0.1', bootFile: 'snponly.efi', flags: 0x8000, xid: message.xid })
    expect(encodeDhcp4(reply, request.maxBytes).ok).toBe(true)
  })

  it('gives a system its network, its name and its time, and nothing to boot', () => {
    const { message, request } = asked('bios-virtio-ipxe.pcap')
    const reply = composeReply({ ...request, wantedOptions: [] }, message, testNetwork, { type: 'ack', address: '10.77.0.9', leaseSeconds: 3600, hostname: 'node1' }, { kind: 'plain' })
    expect(reply.bootFile).toBe('')
    expect(Object.fromEntries(Array.from(reply.options, ([code, value]) => [code, Buffer.from(value).toString('hex')]))).toMatchObject({
      1: 'ffffff00', 3: '0a4d0001', 6: '0a4d0001', 12: '6e6f646531', 15: '6c61622e74657374', 42: '0a4d0001', 51: '00000e10', 58: '00000708', 59: '00000c4e', 119: '036c6162047465737400',
    })
    expect(reply.options.has(option.vendorClass)).toBe(false)
  })

  it('names the TFTP server in option 150 to firmware that asks for it, unless the network names others', () => {
    const { message, request } = asked('uefi-virtio-ovmfnative-pxe.pcap')
    const boot = decideOffer(request, 'ramdisk', testNetwork, all)
    const tftpServers = (wantedOptions: readonly number[], network: NetworkView = testNetwork, answer = boot): string | undefined => {
      const value = composeReply({ ...request, wantedOptions }, message, network, { type: 'offer', address: '10.77.0.9', leaseSeconds: 3600, hostname: null }, answer).options.get(150)
      return value && Array.from(value).join('.')
    }
    expect(tftpServers([1, 150])).toBe('10.77.0.1')
    expect(tftpServers([1, 66])).toBeUndefined()
    expect(tftpServers([1, 150], { ...testNetwork, options: [{ code: 150, value: Uint8Array.of(10, 77, 0, 9) }] })).toBe('10.77.0.9')
    expect(tftpServers([1, 150], testNetwork, { kind: 'plain' })).toBeUndefined()
  })

  it('echoes option 82 last and sends a refusal behind a relay as broadcast', () => {
    const { message, request } = asked('bios-virtio-ipxe.pcap')
    const relayed = { ...message, options: new Map([[option.relayAgent, Uint8Array.of(1, 2, 65, 66)], ...message.options]) }
    const reply = composeReply(request, relayed, testNetwork, { type: 'ack', address: '10.77.0.9', leaseSeconds: 60, hostname: null }, { kind: 'plain' })
    expect(Array.from(reply.options.keys()).at(-1)).toBe(82)
    const nak = composeNak({ ...request, relayAddress: '10.77.0.254' }, relayed, testNetwork, 'no')
    expect([nak.flags, nak.yourAddress, Array.from(nak.options.keys())]).toEqual([0x8000, '0.0.0.0', [53, 54, 56, 61, 82]])
    const subnet = composeReply(request, { ...message, options: new Map([[118, Uint8Array.of(10, 77, 0, 0)], ...message.options]) }, testNetwork, { type: 'offer', address: '10.77.0.9', leaseSeconds: 60, hostname: null }, { kind: 'plain' })
    expect(subnet.options.get(118)).toEqual(Uint8Array.of(10, 77, 0, 0))
    let fewer: DhcpMessage | undefined = reply
    for (let next = dropLastOption(fewer); next; next = dropLastOption(next)) fewer = next
    expect(Array.from(fewer.options.keys())).toEqual([53, 54, 51, 1, 82])
  })
})

describe('the options of a network', () => {
  const { message, request } = asked('bios-virtio-ipxe.pcap')
  const given = (codes: [number, number[]][], wanted: number[], boot: Parameters<typeof composeReply>[4] = { kind: 'plain' }, fields: Partial<NetworkView> = {}) => {
    const network = { ...testNetwork, ...fields, options: codes.map(([code, value]) => ({ code, value: Uint8Array.from(value) })) }
    return composeReply({ ...request, wantedOptions: wanted }, message, network, { type: 'ack', address: '10.77.0.9', leaseSeconds: 60, hostname: null }, boot).options
  }
  it('go before those that are made', () => expect(given([[6, [9, 9, 9, 9]]], [6]).get(6)).toEqual(Uint8Array.of(9, 9, 9, 9)))
  it('are told to those who ask', () => expect([given([[121, [0, 10, 77, 0, 1]]], [121]).has(121), given([[121, [0, 10, 77, 0, 1]]], [1]).has(121)]).toEqual([true, false]))
  it('are all told to a client that asks for nothing in particular', () => expect(given([[26, [5, 220]]], []).get(26)).toEqual(Uint8Array.of(5, 220)))
  it.each([53, 54, 51, 61, 82, 1, 255])('never put in place of the protocol: %i', (code) => expect(given([[code, [9, 9]]], [code]).get(code)).not.toEqual(Uint8Array.of(9, 9)))
  it('never go before booting', () => {
    const boot = decideOffer(request, 'ramdisk', testNetwork, all)
    expect(Buffer.from(given([[67, [65]], [43, [1, 1, 1]]], [67, 43], boot).get(67) ?? []).toString()).toBe('http://10.77.0.1/boot.ipxe')
    expect(given([[67, [65]]], [67]).get(67)).toEqual(Uint8Array.of(65))
  })
  it('stay away from a proxy', () => expect(given([[6, [9, 9, 9, 9]]], [6], { kind: 'plain' }, { mode: 'proxy' }).has(6)).toBe(false))
})

describe('chooseDestination', () => {
  const { request } = asked('bios-virtio-ipxe.pcap')
  const arrived = { port: 67, from: { address: '10.77.0.9', port: 68 } }
  it.each([
    ['relay first', { relayAddress: '10.0.0.1', clientAddress: '10.77.0.9', wantsBroadcast: true }, 'ack', { kind: 'socket', address: '10.0.0.1', port: 67 }],
    ['then its own address', { clientAddress: '10.77.0.9', wantsBroadcast: true }, 'ack', { kind: 'socket', address: '10.77.0.9', port: 68 }],
    ['then broadcast, where it asked for it', { wantsBroadcast: true }, 'offer', { kind: 'raw', address: '255.255.255.255', port: 68, mac: 'ff:ff:ff:ff:ff:ff' }],
    ['else its new address by its MAC', {}, 'offer', { kind: 'raw', address: '10.77.0.50', port: 68, mac: request.mac }],
    ['a refusal is broadcast', { clientAddress: '10.77.0.9' }, 'nak', { kind: 'raw', address: '255.255.255.255', port: 68, mac: 'ff:ff:ff:ff:ff:ff' }],
    ['INFORM straight to the client, even behind a relay', { type: 'inform', relayAddress: '10.0.0.1', clientAddress: '10.77.0.9' }, 'ack', { kind: 'socket', address: '10.77.0.9', port: 68 }],
  ] as const)('%s', (_, fields, answer, expected) => expect(chooseDestination({ ...request, ...fields }, answer, '10.77.0.50', arrived)).toEqual(expected))
  it('4011 goes back to its sender', () => expect(chooseDestination(request, 'ack', '0.0.0.0', { port: 4011, from: { address: '10.77.0.9', port: 4011 } })).toEqual({ kind: 'socket', address: '10.77.0.9', port: 4011 }))
})

describe('chooseFile', () => {
  const find = (name: string) => (name === 'snponly.efi' ? { name, path: '/x', sizeBytes: 1, sha256: '' } : undefined)
  it.each([['snponly.efi', true], ['/snponly.efi', true], ['//snponly.efi', true], ['\\snponly.efi', true], ['../snponly.efi', false], ['/etc/passwd', false], ['', false], ['a\u0000b', false], ['x'.repeat(300), false]])('%j', (name, isServed) => expect(chooseFile(name, find).ok).toBe(isServed))
})

describe('chooseRange', () => {
  const part = (start: number, end: number) => ({ kind: 'part', start, end })
  it.each([
    [undefined, undefined, { kind: 'whole' }], ['bytes=0-9', undefined, part(0, 9)], ['bytes=90-', undefined, part(90, 99)], ['bytes=-10', undefined, part(90, 99)], ['bytes=0-500', undefined, part(0, 99)],
    ['bytes=100-', undefined, { kind: 'unsatisfiable' }], ['bytes=-0', undefined, { kind: 'unsatisfiable' }], ['bytes=9-3', undefined, { kind: 'whole' }], ['bytes=0-1,4-5', undefined, { kind: 'whole' }],
    ['lines=1-2', undefined, { kind: 'whole' }], ['bytes=-', undefined, { kind: 'whole' }], ['bytes=0-9', '"e"', part(0, 9)], ['bytes=0-9', '"old"', { kind: 'whole' }],
  ])('%s with If-Range %s', (range, ifRange, expected) => expect(chooseRange(range, ifRange, '"e"', 100)).toEqual(expected))
})
