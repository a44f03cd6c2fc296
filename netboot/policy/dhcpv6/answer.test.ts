import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { testNetwork } from '../../../test/sim/memory-site.ts'
import { decodeDhcp6, type Dhcp6Option, type Dhcp6Type } from '../../codec/dhcpv6.ts'
import { findOption, iaNaOption, option6, readIaNas, status6, vendorClassOption } from '../../codec/dhcpv6-options.ts'
import { linkLayerDuid } from '../../codec/duid.ts'
import { parsePrefix64 } from '../../codec/ipv6.ts'
import type { BootAnswer } from '../dhcp/decide-offer.ts'
import { decideAnswer6, type Answer6 } from './answer.ts'
import { Address6Book, type Owner6 } from './book.ts'
import { readRequest6, type Request6 } from './request.ts'

const prefix = parsePrefix64('fd00:77::/64') ?? new Uint8Array()
const sha = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const server = linkLayerDuid('02:00:00:00:00:01')
const duid = linkLayerDuid('52:54:00:0a:0b:0c')
const owner: Owner6 = { duid, iaid: 7, mac: '52:54:00:0a:0b:0c' }
const own = new Address6Book(prefix, sha).addressFor(owner, 0) ?? ''
const network = { ...testNetwork, ipv6: { prefix: 'fd00:77::/64', address: 'fd00:77::1' } }
const plain: BootAnswer = { kind: 'plain' }
const file: BootAnswer = { kind: 'boot', file: 'snponly.efi', nextServer: '[fd00:77::1]', vendorClass: 'PXEClient', vendorOptions: null, ipxeOptions: null }

const toUs: Dhcp6Option = { code: option6.serverId, value: server }
const toAnother: Dhcp6Option = { code: option6.serverId, value: linkLayerDuid('02:00:00:00:00:02') }
const wanting = (...addresses: string[]): Dhcp6Option => iaNaOption({ iaid: 7, renewSeconds: 0, rebindSeconds: 0, addresses: addresses.map((address) => ({ address, preferredSeconds: 0, validSeconds: 0 })), status: null })
function request(type: Dhcp6Type, options: readonly Dhcp6Option[], from = 'fe80::5054:ff:fe0a:b0c'): Request6 {
  const read = readRequest6({ relays: [], message: { type, transaction: 1, options: [{ code: option6.clientId, value: duid }, ...options] } }, from)
  if (!read.ok) throw new Error(read.fault.kind)
  return read.value
}
function decide(type: Dhcp6Type, options: readonly Dhcp6Option[], { boot = plain, authoritative = false, book = new Address6Book(prefix, sha) } = {}): Answer6 {
  return decideAnswer6(request(type, options), { serverDuid: server, network: { ...network, authoritative }, book, boot, nowMs: 0 })
}
const told = (answer: Answer6): { addresses: string[]; valid: number[]; status: number | null } => {
  const options = answer.kind === 'reply' ? answer.options : []
  const [association] = readIaNas(options) ?? []
  const status = findOption(options, option6.status)
  return { addresses: association?.addresses.map(({ address }) => address) ?? [], valid: association?.addresses.map(({ validSeconds }) => validSeconds) ?? [], status: association?.status?.code ?? (status ? (status[1] ?? 0) : null) }
}

describe('decideAnswer6', () => {
  it('offers a client its address and takes no note of it', () => {
    const answer = decide('solicit', [wanting()])
    expect(answer).toMatchObject({ kind: 'reply', type: 'advertise', change: 'none', given: [{ address: own }] })
    expect(told(answer)).toEqual({ addresses: [own], valid: [3600], status: null })
  })
  it('gives it at once where rapid commit is asked for', () => expect(decide('solicit', [wanting(), { code: option6.rapidCommit, value: new Uint8Array() }])).toMatchObject({ type: 'reply', change: 'bind', given: [{ address: own }] }))
  it.each(['request', 'renew', 'rebind'] as const)('gives it to one that says %s', (type) => {
    const answer = decide(type, [wanting(own), ...(type === 'rebind' ? [] : [toUs])])
    expect(answer).toMatchObject({ type: 'reply', change: 'bind' })
    expect(told(answer)).toEqual({ addresses: [own], valid: [3600], status: null })
  })
  it('ends any other address of the prefix that a client renews', () => expect(told(decide('renew', [wanting('fd00:77::99'), toUs]))).toEqual({ addresses: [own, 'fd00:77::99'], valid: [3600, 0], status: null }))
  it('says that an address requested is not of this link', () => expect(told(decide('request', [wanting('fd00:88::1'), toUs]))).toEqual({ addresses: [], valid: [], status: status6.notOnLink }))

  it.each([
    ['a SOLICIT that names a server', 'solicit', [wanting(), toUs], 'malformed'], ['a REQUEST to another server', 'request', [wanting(own), toAnother], 'other-server'],
    ['a REQUEST to nobody', 'request', [wanting(own)], 'malformed'], ['a RENEW to another server', 'renew', [wanting(own), toAnother], 'other-server'],
    ['a REBIND of other prefixes', 'rebind', [wanting('fd00:88::1')], 'not-for-us'], ['a REBIND that names a server', 'rebind', [wanting(own), toUs], 'malformed'],
    ['a CONFIRM of other prefixes', 'confirm', [wanting('fd00:88::1')], 'not-for-us'], ['a CONFIRM of nothing', 'confirm', [wanting()], 'malformed'],
    ['a RELEASE to another server', 'release', [wanting(own), toAnother], 'other-server'], ['a DECLINE to nobody', 'decline', [wanting(own)], 'malformed'],
    ['an INFORMATION-REQUEST to another server', 'informationRequest', [toAnother], 'other-server'], ['an INFORMATION-REQUEST that wants an address', 'informationRequest', [wanting()], 'malformed'],
  ] as const)('leaves alone %s', (_, type, options, why) => expect(decide(type, options)).toEqual({ kind: 'ignore', why }))

  it('says whether addresses are of this link, of others only where it is authoritative', () => {
    expect(told(decide('confirm', [wanting(own)])).status).toBe(status6.success)
    expect(told(decide('confirm', [wanting('fd00:88::1')], { authoritative: true })).status).toBe(status6.notOnLink)
    expect(told(decide('rebind', [wanting('fd00:88::1')], { authoritative: true }))).toMatchObject({ addresses: [own, 'fd00:88::1'], valid: [3600, 0] })
  })
  it.each(['release', 'decline'] as const)('takes a %s', (type) => expect(decide(type, [wanting(own), toUs])).toMatchObject({ type: 'reply', change: type, given: [{ address: own, owner: { iaid: 7 } }] }))

  it('tells firmware its URL, and HTTP Boot that it is for it', () => {
    const url = (answer: Answer6): string => (answer.kind === 'reply' ? Buffer.from(findOption(answer.options, option6.bootUrl) ?? []).toString() : '')
    expect(url(decide('solicit', [wanting()], { boot: file }))).toBe('tftp://[fd00:77::1]/snponly.efi')
    expect(url(decide('informationRequest', [], { boot: file }))).toBe('tftp://[fd00:77::1]/snponly.efi')
    const http = decide('request', [wanting(own), toUs, vendorClassOption('HTTPClient:Arch:00016:UNDI:003000')], { boot: { ...file, file: 'http://[fd00:77::1]/files/snponly.efi' } })
    expect(url(http)).toBe('http://[fd00:77::1]/files/snponly.efi')
    expect(http.kind === 'reply' && findOption(http.options, option6.vendorClass)).toBeTruthy()
    expect(decide('solicit', [wanting()], { boot: { kind: 'ignore', why: 'policy-ignore' } })).toEqual({ kind: 'ignore', why: 'policy-ignore' })
  })
  it('refuses prefixes and temporary addresses beside giving an address', () => {
    const answer = decide('solicit', [wanting(), { code: option6.iaPd, value: new Uint8Array(12) }, { code: option6.iaTa, value: new Uint8Array(4) }])
    expect(told(answer).addresses).toEqual([own])
    expect(answer.kind === 'reply' && answer.options.filter(({ code }) => code === option6.iaPd || code === option6.iaTa)).toHaveLength(2)
  })
})

describe('a SOLICIT of real firmware', () => {
  const uuid = (last: string): string => `00112233-4455-6677-8899-aabbccddee${last}`
  it.each([
    ['ovmf-pxe', { kind: 'firmware', uuid: uuid('01'), architecture: 'uefi-x64', vendorClass: 'PXEClient:Arch:00007:UNDI:003000' }], ['ovmf-http', { kind: 'firmware', uuid: uuid('02'), architecture: 'uefi-x64', vendorClass: 'HTTPClient:Arch:00016:UNDI:003000' }],
    ['ipxe-efi', { kind: 'ipxe', uuid: uuid('01'), architecture: 'uefi-x64', vendorClass: 'PXEClient:Arch:00007:UNDI:003010' }],
    // The firmware's IPv6 itself, which the advertisement tells to ask: not to boot.
    ['ovmf-own', { kind: 'system', uuid: null, architecture: null, vendorClass: '' }],
  ])('%s', (name, client) => {
    const decoded = decodeDhcp6(Buffer.from(readFileSync(path.join(import.meta.dirname, `../../../test/fixtures/dhcp6/${name}.hex`), 'utf8').trim(), 'hex'))
    const read = decoded.ok && readRequest6(decoded.value, 'fe80::5054:ff:fe77:601')
    expect(read).toMatchObject({ ok: true, value: { type: 'solicit', mac: '52:54:00:77:06:01', client, associations: [{ addresses: [] }] } })
  })
})

describe('who asks', () => {
  const withDuid = (value: Uint8Array, options: readonly Dhcp6Option[], from = 'fe80::1'): Request6 => {
    const read = readRequest6({ relays: [], message: { type: 'solicit', transaction: 1, options: [{ code: option6.clientId, value }, ...options] } }, from)
    if (!read.ok) throw new Error(read.fault.kind)
    return read.value
  }
  const uuid = Uint8Array.from(Buffer.from('000433221100554477668899aabbccddeeff', 'hex'))
  it('is told by its link-local address before its DUID, which may be of another card', () => {
    expect(withDuid(linkLayerDuid('52:54:00:00:00:99'), [], 'fe80::5054:ff:fe0a:b0c').mac).toBe('52:54:00:0a:0b:0c')
    expect(withDuid(linkLayerDuid('52:54:00:00:00:99'), []).mac).toBe('52:54:00:00:00:99')
    expect(withDuid(uuid, []).mac).toBeNull()
    expect(withDuid(linkLayerDuid('01:00:5e:00:00:01'), []).mac).toBeNull()
  })
  it('is told by what the nearest relay says', () => {
    const relay = { hops: 0, linkAddress: '::', peerAddress: 'fe80::5054:ff:fe0a:b0d', options: [] }
    const read = (options: readonly Dhcp6Option[]): string | null | false => {
      const got = readRequest6({ relays: [{ ...relay, peerAddress: 'fe80::1' }, { ...relay, options }], message: { type: 'solicit', transaction: 1, options: [{ code: option6.clientId, value: uuid }] } }, 'fd00::5')
      return got.ok && got.value.mac
    }
    expect(read([])).toBe('52:54:00:0a:0b:0d')
    expect(read([{ code: option6.clientLinkAddress, value: Uint8Array.of(0, 1, 2, 0, 0, 0, 0, 9) }])).toBe('02:00:00:00:00:09')
  })
  it('has the UUID that its maker means', () => {
    expect(withDuid(uuid, [vendorClassOption('PXEClient:Arch:00007:UNDI:003000')]).client.uuid).toBe('00112233-4455-6677-8899-aabbccddeeff')
    expect(withDuid(uuid, [{ code: option6.userClass, value: Uint8Array.of(0, 4, ...Buffer.from('iPXE')) }]).client.uuid).toBe('33221100-5544-7766-8899-aabbccddeeff')
    expect(withDuid(uuid, []).client.uuid).toBeNull()
  })
  it.each([['advertise', 'not-a-request'], ['reply', 'not-a-request'], ['reconfigure', 'not-a-request']] as const)('is no server that says %s', (type, kind) => expect(readRequest6({ relays: [], message: { type, transaction: 1, options: [] } }, 'fe80::1')).toEqual({ ok: false, fault: { kind } }))
  it('must say who it is, but to ask for information', () => {
    expect(readRequest6({ relays: [], message: { type: 'solicit', transaction: 1, options: [] } }, 'fe80::1')).toEqual({ ok: false, fault: { kind: 'malformed' } })
    expect(readRequest6({ relays: [], message: { type: 'informationRequest', transaction: 1, options: [] } }, 'fe80::1').ok).toBe(true)
  })
})

describe('Address6Book', () => {
  it('gives each client its own address, the same in another book', () => {
    const [one, other] = [new Address6Book(prefix, sha), new Address6Book(prefix, sha)]
    const addresses = Array.from({ length: 2000 }, (_, iaid) => one.addressFor({ ...owner, iaid }, 0) ?? '')
    expect(new Set(addresses).size).toBe(2000)
    expect(Array.from({ length: 2000 }, (_, iaid) => other.addressFor({ ...owner, iaid }, 0))).toEqual(addresses)
    expect(addresses.every((address) => one.holds(address) && address !== 'fd00:77::1')).toBe(true)
  })
  it('takes the next where digests are equal, or an address was declined', () => {
    // Only the last byte, the count, makes a difference here.
    const book = new Address6Book(prefix, (bytes) => Uint8Array.of(1, 2, 3, 4, 5, 6, 7, bytes.at(-1) ?? 0))
    const [a, b] = [owner, { ...owner, iaid: 8 }]
    book.bind(book.addressFor(a, 0) ?? '', a, 1000)
    expect([book.addressFor(a, 0), book.addressFor(b, 0), book.addressFor(b, 1001)]).toEqual(['fd00:77::4102:304:506:700', 'fd00:77::4102:304:506:701', 'fd00:77::4102:304:506:700'])
    expect(book.decline('fd00:77::4102:304:506:700', b, 0)).toBe(false)
    expect(book.decline('fd00:77::4102:304:506:700', a, 0)).toBe(true)
    expect([book.addressFor(a, 0), book.addressFor(a, 3_600_001)]).toEqual(['fd00:77::4102:304:506:701', 'fd00:77::4102:304:506:700'])
  })
  it('knows who has an address until the lease ends or is given back by its client', () => {
    const book = new Address6Book(prefix, sha)
    book.bind(own, owner, 1000)
    expect([book.macOf(own, 999), book.macOf(own, 1000), book.macOf('fd00:77::9', 0)]).toEqual(['52:54:00:0a:0b:0c', null, null])
    expect(book.release(own, { ...owner, iaid: 9 })).toBe(false)
    expect([book.release(own, owner), book.macOf(own, 0)]).toEqual([true, null])
  })
  it('holds on to 65,536 clients, and forgets first whom it heard of longest ago', () => {
    const book = new Address6Book(prefix, (bytes) => sha(bytes))
    book.bind(own, owner, 10)
    for (let iaid = 0; iaid < 65_536; iaid += 1) book.bind(`fd00:77::${iaid.toString(16)}`, { ...owner, iaid }, 10)
    expect([book.macOf(own, 0), book.macOf('fd00:77::ffff', 0)]).toEqual([null, '52:54:00:0a:0b:0c'])
  })
})
