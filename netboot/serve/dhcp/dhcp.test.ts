import { describe, expect, it } from 'vitest'
import { memorySite, testNetwork, type MemorySite } from '../../../test/sim/memory-site.ts'
import { decodeDhcp4, encodeDhcp4, type DhcpMessage } from '../../codec/dhcp4.ts'
import { addressesOption, byteOption, messageTypes, option, readAddress, readMessageType, type MessageType } from '../../codec/dhcp4-options.ts'
import { LoaderMemory } from '../../policy/boot/loader-memory.ts'
import type { Lease, NetworkView } from '../../site.ts'
import { openBooks, type DhcpBooks } from './books.ts'
import { serveDhcp } from './dhcp.ts'
import { rehearseDhcp } from '../rehearsal/rehearse-dhcp.ts'
import type { Sender, UdpPort } from '../linux/udp.ts'

/** A DHCP server without sockets: what it is sent, and what it sends. */
interface Bench {
  readonly site: MemorySite
  readonly books: DhcpBooks
  readonly drops: Map<string, number>
  /** What was sent, decoded, and where to. */
  readonly sent: { message: DhcpMessage; to: string }[]
  /** Sends bytes to port 67 (or 4011) and waits until the server has nothing more to do. Returns what it answered. */
  ask(message: DhcpMessage | Uint8Array, from?: Sender, port?: 67 | 4011): Promise<DhcpMessage[]>
  /** Hands bytes to port 67 and waits for nothing. */
  throwIn(bytes: Uint8Array): void
  nowMs: number
}

function openBench(networks: NetworkView[] = [testNetwork], standsBack = false): Bench {
  const site = memorySite(networks)
  const handlers = new Map<number, (bytes: Uint8Array, from: Sender) => void | Promise<void>>()
  const take = (bytes: Uint8Array, to: string): void => {
    const decoded = decodeDhcp4(bytes)
    if (!decoded.ok) throw new Error('the server sent what is no message')
    bench.sent.push({ message: decoded.value, to })
  }
  const port = (number: number): UdpPort => ({ number, serve(handle) { handlers.set(number, handle) }, send(bytes, to) { take(bytes, `${to.address}:${to.port}`) }, close: async () => {} })
  const bench: Bench = {
    site, books: openBooks(site), drops: new Map(), sent: [], nowMs: 1_700_000_000_000,
    async ask(message, from = { address: '0.0.0.0', port: 68 }, number = 67) {
      const before = bench.sent.length
      const encoded = message instanceof Uint8Array ? message : bytesOf(message)
      await handlers.get(number)?.(encoded, from)
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => { setImmediate(resolve) })
      return bench.sent.slice(before).map(({ message: answer }) => answer)
    },
    throwIn(bytes) { void handlers.get(67)?.(bytes, { address: '0.0.0.0', port: 68 }) },
  }
  serveDhcp({
    site, device: 'eth0', books: bench.books, ports: { server: port(67), proxy: port(4011) },
    // Without the headers of IP and UDP; they hold the address that the frame is for.
    loaders: new LoaderMemory(), frames: { send(mac, _, packet) { take(packet.subarray(28), `${Buffer.from(mac).toString('hex')} ${packet.subarray(16, 20).join('.')}`) }, receive: () => undefined, close() {} },
    drops: { count(_, reason, by = 1) { bench.drops.set(reason, (bench.drops.get(reason) ?? 0) + by) }, close() {} },
    log: { debug() {}, info() {}, warn() {}, error() {} }, now: () => bench.nowMs, standsBack: () => standsBack, heard() {}, promised() {},
  })
  return bench
}

function bytesOf(message: DhcpMessage, maxBytes = 1472): Uint8Array {
  const encoded = encodeDhcp4(message, maxBytes)
  if (!encoded.ok) throw new Error('the question does not fit')
  return encoded.value
}

const none = '0.0.0.0'
const macBytes = (n: number): Uint8Array => Uint8Array.of(0x52, 0x54, 0, (n >> 16) & 255, (n >> 8) & 255, n & 255)
function question(type: MessageType, n = 1, fields: Partial<DhcpMessage> = {}, options: [number, Uint8Array][] = []): DhcpMessage {
  return {
    op: 'request', hardwareType: 1, hops: 0, xid: n, secs: 0, flags: 0, clientAddress: none, yourAddress: none, nextServer: none, relayAddress: none, hardwareAddress: macBytes(n), serverName: '', bootFile: '',
    options: new Map([[option.messageType, byteOption(messageTypes.indexOf(type) + 1)], ...options]), ...fields,
  }
}
const select = (offer: DhcpMessage, n = 1, fields: Partial<DhcpMessage> = {}, options: [number, Uint8Array][] = []): DhcpMessage =>
  question('request', n, fields, [[option.serverId, offer.options.get(option.serverId) ?? new Uint8Array()], [option.requestedAddress, addressesOption([offer.yourAddress])], ...options])
const typeOf = (message: DhcpMessage | undefined): string | undefined => message && readMessageType(message.options)

describe('a lease', () => {
  it('is promised, stored, and only then given', async () => {
    const bench = openBench()
    const [offer] = await bench.ask(question('discover'))
    expect(typeOf(offer)).toBe('offer')
    expect(bench.site.stored).toHaveLength(0)
    const [ack] = await bench.ask(select(offer!))
    expect([typeOf(ack), ack?.yourAddress]).toEqual(['ack', offer?.yourAddress])
    expect(bench.site.stored).toMatchObject([{ address: offer?.yourAddress, state: 'bound' }])
    expect(bench.sent.map(({ to }) => to)).toEqual([`525400000001 ${offer?.yourAddress}`, `525400000001 ${offer?.yourAddress}`])
  })

  it('is not given where it cannot be stored, and its address stays free', async () => {
    const bench = openBench()
    const [offer] = await bench.ask(question('discover'))
    bench.site.cannotStore = true
    expect(await bench.ask(select(offer!))).toEqual([])
    expect(bench.drops.get('lease-not-stored')).toBe(1)
    bench.site.cannotStore = false
    expect(typeOf((await bench.ask(select(offer!)))[0])).toBe('ack')
  })

  it('is refused where somebody else is found on its address before it is stored, and when it is renewed where afterwards', async () => {
    for (const isLate of [false, true]) {
      const bench = openBench()
      const conflict = (address: string): Lease => ({ networkId: 'lab', address, mac: '52:54:00:00:99:99', clientId: '', hostname: '', state: 'conflict', startedAtMs: bench.nowMs, expiresAtMs: bench.nowMs + 600_000 })
      const [offer] = await bench.ask(question('discover'))
      const { yourAddress } = offer!
      const book = bench.books.book(testNetwork)
      if (isLate) expect(typeOf((await bench.ask(select(offer!)))[0])).toBe('ack')
      else bench.throwIn(bytesOf(select(offer!)))
      book.recordConflict(conflict(yourAddress), bench.nowMs)
      if (isLate) expect(typeOf((await bench.ask(question('request', 1, { clientAddress: yourAddress }), { address: yourAddress, port: 68 }))[0])).toBe('nak')
      else for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => { setImmediate(resolve) })
      expect(typeOf(bench.sent.at(-1)?.message)).toBe('nak')
      expect(book.ofAddress(yourAddress)).toMatchObject({ state: 'conflict' })
      const [again] = await bench.ask(question('discover'))
      expect([typeOf(again), again?.yourAddress === yourAddress]).toEqual(['offer', false])
    }
  })

  it('is the same when a client asks twice at once, and nobody else is given it meanwhile', async () => {
    const bench = openBench([{ ...testNetwork, ranges: [{ from: '10.77.0.100', to: '10.77.0.100' }] }])
    const [first] = await bench.ask(question('discover'))
    const [again] = await bench.ask(question('discover'))
    expect(again?.yourAddress).toBe(first?.yourAddress)
    bench.throwIn(bytesOf(select(first!)))
    bench.throwIn(bytesOf(select(first!)))
    bench.throwIn(bytesOf(question('discover', 2)))
    await bench.ask(question('discover', 3))
    expect(bench.sent.slice(2).map(({ message }) => [message.xid, typeOf(message)])).toEqual([[1, 'ack'], [1, 'ack']])
    expect(bench.drops.get('pool-full')).toBe(2)
  })

  it('is one each for a thousand that ask at one instant', async () => {
    const bench = openBench([{ ...testNetwork, cidr: '10.77.0.0/16', ranges: [{ from: '10.77.16.1', to: '10.77.64.0' }] }])
    for (let n = 1; n <= 1000; n += 1) bench.throwIn(bytesOf(question('discover', n)))
    const offers = bench.sent.splice(0)
    for (const { message } of offers) bench.throwIn(bytesOf(select(message, message.xid)))
    await bench.ask(new Uint8Array())
    expect(bench.sent.filter(({ message }) => typeOf(message) === 'ack')).toHaveLength(1000)
    expect(new Set(bench.sent.map(({ message }) => message.yourAddress)).size).toBe(1000)
  })

  it('follows the network as it is now', async () => {
    const bench = openBench()
    bench.site.networksNow = [{ ...testNetwork, ranges: [{ from: '10.77.0.33', to: '10.77.0.33' }], leaseSeconds: 900, options: [{ code: 26, value: Uint8Array.of(5, 220) }] }]
    const [offer] = await bench.ask(question('discover', 1, {}, [[option.parameterList, Uint8Array.of(26)]]))
    expect([offer?.yourAddress, offer?.options.get(26), offer?.options.get(51)]).toEqual(['10.77.0.33', Uint8Array.of(5, 220), Uint8Array.of(0, 0, 3, 132)])
  })

  it.each<[string, object, [number, Uint8Array][]]>([
    ['MAC', { mac: '52:54:00:00:00:01' }, []],
    ['client id', { clientId: 'ff00000001abcd' }, [[61, Uint8Array.from(Buffer.from('ff00000001abcd', 'hex'))]]],
    ['UUID', { uuid: '00112233-4455-6677-8899-0a0b0c0d0e0f' }, [[97, Uint8Array.from(Buffer.from('00332211005544776688990a0b0c0d0e0f', 'hex'))]]],
  ])('is the one that was reserved by %s, with its name', async (_, match, options) => {
    const bench = openBench()
    bench.site.reservationsNow = [{ networkId: 'lab', address: '10.77.0.20', match: match as { mac: string }, hostname: 'kept' }]
    const [offer] = await bench.ask(question('discover', 1, {}, [...options, [option.parameterList, Uint8Array.of(12)]]))
    expect([offer?.yourAddress, Buffer.from(offer?.options.get(12) ?? []).toString()]).toEqual(['10.77.0.20', 'kept'])
    expect((await bench.ask(select(offer!, 1, {}, options)))[0]?.yourAddress).toBe('10.77.0.20')
    expect((await bench.ask(question('discover', 2)))[0]?.yourAddress).not.toBe('10.77.0.20')
  })

  it('comes from the second network of the wire where the first is full', async () => {
    const second = { ...testNetwork, id: 'second', cidr: '10.78.0.0/24', address: '10.78.0.1', ranges: [{ from: '10.78.0.100', to: '10.78.0.101' }] }
    const bench = openBench([{ ...testNetwork, ranges: [{ from: '10.77.0.100', to: '10.77.0.100' }] }, second])
    const offers = [...(await bench.ask(question('discover', 1))), ...(await bench.ask(question('discover', 2))), ...(await bench.ask(question('discover', 3)))]
    expect(offers.map((offer) => [offer.yourAddress.slice(0, 5), readAddress(offer.options, 54)])).toEqual([['10.77', '10.77.0.1'], ['10.78', '10.78.0.1'], ['10.78', '10.78.0.1']])
  })

  it('is not offered while another server is there', async () => {
    const bench = openBench([testNetwork], true)
    expect(await bench.ask(question('discover'))).toEqual([])
    expect(bench.drops.get('stands-back')).toBe(1)
    expect(bench.site.events).toContainEqual(expect.objectContaining({ kind: 'dhcp.ignored', why: 'stands-back' }))
  })
})

describe('a relay', () => {
  const far: NetworkView = { ...testNetwork, id: 'far', relayed: true, cidr: '10.99.0.0/24', gateway: '10.99.0.254', ranges: [{ from: '10.99.0.100', to: '10.99.0.199' }] }
  const relayed = (type: MessageType, n: number, options: [number, Uint8Array][] = [], relayAddress = '10.99.0.254'): DhcpMessage => question(type, n, { relayAddress, hops: 1 }, options)
  const from = { address: '10.99.0.254', port: 67 }

  it('has its clients served from their own subnet, and its option 82 back', async () => {
    const bench = openBench([testNetwork, far])
    const [offer] = await bench.ask(relayed('discover', 1, [[82, Uint8Array.of(1, 2, 65, 66)]]), from)
    expect(offer?.yourAddress).toMatch(/^10\.99\.0\.1/)
    expect([offer?.options.get(82), readAddress(offer?.options ?? new Map(), 3), offer?.relayAddress]).toEqual([Uint8Array.of(1, 2, 65, 66), '10.99.0.254', '10.99.0.254'])
    expect(bench.sent[0]?.to).toBe('10.99.0.254:67')
    const [ack] = await bench.ask(select(offer!, 1, { relayAddress: '10.99.0.254' }), from)
    expect([typeOf(ack), bench.site.stored[0]]).toMatchObject(['ack', { networkId: 'far', relay: '10.99.0.254' }])
    const [renewed] = await bench.ask(question('request', 1, { clientAddress: ack!.yourAddress }), { address: ack!.yourAddress, port: 68 })
    expect([typeOf(renewed), bench.sent.at(-1)?.to]).toEqual(['ack', `${ack?.yourAddress}:68`])
  })

  it('may select the link, and stand in our place', async () => {
    const bench = openBench([testNetwork, far])
    const agent = Uint8Array.of(5, 4, 10, 99, 0, 0, 11, 4, 10, 99, 0, 254)
    const [offer] = await bench.ask(relayed('discover', 1, [[82, agent]], '192.168.5.1'), from)
    expect([offer?.yourAddress.slice(0, 7), readAddress(offer?.options ?? new Map(), 54), bench.sent[0]?.to]).toEqual(['10.99.0', '10.99.0.254', '192.168.5.1:67'])
    expect(typeOf((await bench.ask(select(offer!, 1, { relayAddress: '192.168.5.1' }, [[82, agent]]), from))[0])).toBe('ack')
  })

  it('has a refusal broadcast', async () => {
    const bench = openBench([testNetwork, { ...far, authoritative: true }])
    const [nak] = await bench.ask(relayed('request', 1, [[50, Uint8Array.of(10, 1, 2, 3)]]), from)
    expect([typeOf(nak), nak?.flags, bench.sent[0]?.to]).toEqual(['nak', 0x8000, '10.99.0.254:67'])
  })
})

describe('hostile and broken questions', () => {
  const raw = (change: (bytes: Uint8Array) => void, message = question('discover')): Uint8Array => { const bytes = bytesOf(message); change(bytes); return bytes }
  const overloaded = (value: number): Uint8Array => raw(() => undefined, question('discover', 1, {}, [[option.overload, byteOption(value)]]))
  it.each<[string, Uint8Array | DhcpMessage, string]>([
    ['a hardware address of no bytes', raw((bytes) => { bytes[2] = 0 }), 'not-ethernet'],
    ['a hardware address of 17 bytes', raw((bytes) => { bytes[2] = 17 }), 'malformed'],
    ['a hardware address of 16 bytes', raw((bytes) => { bytes[2] = 16 }), 'not-ethernet'],
    ['a group address as hardware address', question('discover', 1, { hardwareAddress: Uint8Array.of(1, 0, 0, 0, 0, 1) }), 'not-ethernet'],
    ['no hardware address', question('discover', 1, { hardwareAddress: new Uint8Array(6) }), 'not-ethernet'],
    ['an answer', question('offer'), 'not-a-request'],
    ['BOOTP without a message type', question('discover', 1, { options: new Map() }), 'not-a-request'],
    ['option 82 that is cut', question('discover', 1, { relayAddress: '10.77.0.9' }, [[82, Uint8Array.of(5, 4, 10)]]), 'malformed'],
    ['a relay on no subnet of ours', question('discover', 1, { relayAddress: '192.168.9.9' }), 'relay-unknown'],
    ['an option that overruns', raw((bytes) => { bytes.set([12, 255], 243) }), 'malformed'],
    ['options in file that overrun it', raw((bytes) => { bytes.set([52, 1, 1, 255], 243); bytes.set([12, 200], 108) }), 'malformed'],
    ['a cut message', raw(() => undefined).subarray(0, 239), 'malformed'],
    ['nothing', new Uint8Array(), 'malformed'],
  ])('%s is counted and not answered', async (_, bytes, reason) => {
    const bench = openBench()
    expect(await bench.ask(bytes)).toEqual([])
    expect([...bench.drops]).toEqual([[reason, 1]])
  })

  it('a unicast on a wire that only relays use is counted', async () => {
    const bench = openBench([{ ...testNetwork, relayed: true }])
    expect(await bench.ask(question('request', 1, { clientAddress: '192.168.1.5' }), { address: '192.168.1.5', port: 68 })).toEqual([])
    expect(bench.drops.get('no-subnet')).toBe(1)
  })

  it.each([0, 1, 2, 7, 255])('a client id of %i bytes is served, and echoed', async (length) => {
    const id = new Uint8Array(length).fill(7)
    const bench = openBench()
    const [offer] = await bench.ask(question('discover', 1, {}, [[61, id]]))
    expect(offer?.options.get(61)).toEqual(id)
    expect((await bench.ask(select(offer!, 1, {}, [[61, id]])))[0]?.yourAddress).toBe(offer?.yourAddress)
    expect(bench.site.stored[0]?.clientId).toBe('07'.repeat(length))
  })

  it('a client id of 600 bytes is served, and remembered in part', async () => {
    const bench = openBench()
    const [offer] = await bench.ask(bytesOf(question('discover', 1, {}, [[61, new Uint8Array(600).fill(7)]])))
    expect(typeOf(offer)).toBe('offer')
    await bench.ask(bytesOf(select(offer!, 1, {}, [[61, new Uint8Array(600).fill(7)]])))
    expect(bench.site.stored[0]?.clientId).toBe('07'.repeat(255))
  })

  it.each([1, 2, 3, 255])('an overload of %i that points at fields that say overload again ends', async (value) => {
    const bench = openBench()
    const bytes = overloaded(value)
    bytes.set([52, 1, value, 53, 1, 1], 108)
    bytes.set([52, 1, value], 44)
    const answers = await bench.ask(bytes)
    expect(answers.length + (bench.drops.get('malformed') ?? 0) + (bench.drops.get('not-a-request') ?? 0)).toBe(1)
  })

  it('a hundred options, and a list of 255 wishes, are served', async () => {
    const bench = openBench()
    const many = Array.from({ length: 100 }, (_, index): [number, Uint8Array] => [100 + index, Uint8Array.of(1, 2)])
    const sane = many.filter(([code]) => ![118, 119].includes(code))
    expect(typeOf((await bench.ask(question('discover', 1, {}, [...sane, [55, Uint8Array.from({ length: 255 }, (_, index) => index)]])))[0])).toBe('offer')
  })

  it('an answer with more options than the client takes leaves the last out', async () => {
    const bench = openBench([{ ...testNetwork, options: Array.from({ length: 40 }, (_, index) => ({ code: 180 + index, value: new Uint8Array(60) })) }])
    const [offer] = await bench.ask(question('discover'))
    expect(typeOf(offer)).toBe('offer')
    expect(offer?.options.size).toBeLessThan(30)
    expect(offer?.options.has(1)).toBe(true)
  })

  it('one card that gives itself another name and client id in each of 1,000 questions is one client', async () => {
    const bench = openBench()
    for (let n = 0; n < 1000; n += 1) bench.throwIn(bytesOf(question('discover', 1, { xid: n }, [[option.hostname, Buffer.from(`name-${n}`)], [option.clientId, Buffer.from(`id-${n}`)]])))
    await bench.ask(new Uint8Array())
    expect(bench.drops.get('too-many')).toBe(800)
    expect(bench.sent.filter(({ message }) => typeOf(message) === 'offer')).toHaveLength(200)
    expect(new Set(bench.sent.map(({ message }) => message.yourAddress)).size).toBe(1)
    bench.nowMs += 10_000
    expect(typeOf((await bench.ask(question('discover')))[0])).toBe('offer')
  })

  it('a storm of strangers leaves machines that are known served, and is told in part', async () => {
    const bench = openBench()
    bench.site.machines.set('52:54:00:00:00:01', { id: 'm', hostname: null, decision: 'localDisk', address: null, isInventoried: true })
    // Anybody is seen who says that it boots.
    bench.site.machines.set('52:54:00:00:00:02', { id: 's', hostname: null, decision: 'ramdisk', address: null })
    for (let n = 1000; n < 9000; n += 1) { bench.throwIn(bytesOf(question('discover', n))); if (n % 5 === 0) bench.nowMs += 1 }
    expect(await bench.ask(question('discover', 2))).toEqual([])
    const [offer] = await bench.ask(question('discover', 1))
    expect(typeOf(offer)).toBe('offer')
    expect(typeOf((await bench.ask(select(offer!, 1)))[0])).toBe('ack')
    expect(bench.drops.get('pool-full')).toBeGreaterThan(7000)
    expect(bench.site.events.length).toBeLessThan(4000)
    expect(bench.site.events.filter(({ kind }) => kind === 'dhcp.poolLow')).toHaveLength(1)
  })

  it('a site that is broken is counted, and the next question is answered', async () => {
    const bench = openBench()
    bench.site.isBroken = true
    await expect(async () => bench.ask(question('discover'))).rejects.toThrow('broken')
    bench.site.isBroken = false
    expect(typeOf((await bench.ask(question('discover')))[0])).toBe('offer')
  })
})

describe('the rehearsal', () => {
  it('gives every lease that it plays', async () => expect(await rehearseDhcp()).toMatchObject({ acks: 4800 }), 60_000)
})
