import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/sim/random.ts'
import { blockRange, dueAtMs, startTransfer, stepTransfer, type Transfer, type TransferEvent, type TransferStep } from './tftp-transfer.ts'

const read = (options: Record<string, string> = {}, mode = 'octet') => ({ kind: 'read' as const, file: 'f', mode, options: new Map(Object.entries(options)) })
const begin = (sizeBytes: number, options: Record<string, string> = {}): TransferStep => {
  const started = startTransfer(read(options), sizeBytes, 0)
  if (!started.ok) throw new Error('refused')
  return started.value
}
/** Steps through events, each a millisecond after the other or at its own time; returns the last step. */
const after = (start: TransferStep, ...events: (TransferEvent & { at?: number })[]): TransferStep => events.reduce<TransferStep>(({ transfer }, event, index) => stepTransfer(transfer, event, event.at ?? index + 1), start)
const ack = (block: number, at?: number) => ({ kind: 'ack' as const, block, ...(at === undefined ? {} : { at }) })

interface Weather { loss: number; duplication: number; reordering: number }
interface Habits { /** Answers every block that is out of order, not only the first. */ chatty: boolean; /** Sends its last ACK again after this long. */ patienceMs: number }

/**
 * A whole transfer over a bad wire, in virtual time: the wire loses, doubles and delays by chance; the client follows RFC 7440. Returns what it
 * has, in order, and how many blocks were sent for it.
 */
function receive(sizeBytes: number, options: Record<string, string>, weather: Weather, habits: Habits, seed: number): { received: number; blocks: number; end: string; ms: number } {
  const random = seededRandom(seed)
  const queue: { at: number; to: 'client' | 'server'; block: number; isOptions: boolean }[] = []
  let now = 0
  let blocks = 0
  const post = (to: 'client' | 'server', block: number, isOptions = false): void => {
    for (let copy = 0; copy < (random() < weather.duplication ? 2 : 1); copy += 1) {
      if (random() >= weather.loss) queue.push({ at: now + 1 + (random() < weather.reordering ? random() * 4 : 0), to, block, isOptions })
    }
  }
  let { transfer, action } = begin(sizeBytes, options)
  let [expected, received, inWindow, gapAt, lastAck, heardAt] = [1, 0, 0, -1, -1, 0]
  const say = (block: number): void => { lastAck = block; inWindow = 0; heardAt = now; post('server', block & 0xffff) }
  const act = (): void => {
    if (action.kind === 'sendOptions') post('client', 0, true)
    if (action.kind === 'sendBlocks') for (let block = action.from; block <= action.to; block += 1) { blocks += 1; post('client', block & 0xffff) }
  }
  const hear = (event: TransferEvent): void => { ({ transfer, action } = stepTransfer(transfer, event, now)); act() }
  act()
  for (let turn = 0; turn < 500_000; turn += 1) {
    if (action.kind === 'done' || action.kind === 'abort') return { received, blocks, end: action.kind, ms: now }
    queue.sort((a, b) => a.at - b.at)
    const clientAt = lastAck < 0 ? Number.POSITIVE_INFINITY : heardAt + habits.patienceMs
    const next = Math.min(queue[0]?.at ?? Number.POSITIVE_INFINITY, dueAtMs(transfer), clientAt)
    now = Math.max(now, next)
    if (next === clientAt) { say(lastAck); continue }
    if (queue[0]?.at !== next) { hear({ kind: 'timeout' }); continue }
    const packet = queue.shift()
    if (packet?.to === 'server') { hear({ kind: 'ack', block: packet.block }); continue }
    if (packet?.isOptions) { if (expected === 1) say(0); continue }
    const ahead = ((packet?.block ?? 0) - expected) & 0xffff
    if (ahead !== 0) {
      const isBehind = ahead >= 0x8000
      // A window's end that it has already: RFC 7440 lets it say so again.
      if (habits.chatty || (!isBehind && gapAt !== expected) || (isBehind && transfer.windowSize > 1 && ahead === 0xffff && gapAt !== expected)) { gapAt = expected; say(expected - 1) }
      continue
    }
    const { start, end } = blockRange(transfer, expected)
    received += end - start
    expected += 1
    inWindow += 1
    heardAt = now
    if (inWindow === transfer.windowSize || end - start < transfer.blockSize) say(expected - 1)
  }
  throw new Error('it never ends')
}

describe('startTransfer', () => {
  it.each<[string, Record<string, string>, object]>([
    ['nothing', {}, { blockSize: 512, windowSize: 1, agreed: null, lastBlock: 3 }],
    ['what OVMF asks', { tsize: '0', blksize: '1468', windowsize: '4' }, { blockSize: 1468, windowSize: 4, agreed: new Map([['blksize', '1468'], ['tsize', '1024'], ['windowsize', '4']]) }],
    ['blocks of 8 bytes', { blksize: '8' }, { blockSize: 8, lastBlock: 129 }],
    ['blocks of 7 bytes', { blksize: '7' }, { blockSize: 512, agreed: null }],
    ['blocks of 0 bytes', { blksize: '0' }, { blockSize: 512, agreed: null }],
    ['blocks of 65464 bytes', { blksize: '65464' }, { blockSize: 1468 }],
    ['blocks of 65465 bytes', { blksize: '65465' }, { blockSize: 1468 }],
    ['a window of 0', { windowsize: '0' }, { windowSize: 1, agreed: null }],
    ['a window of 65535', { windowsize: '65535' }, { windowSize: 64 }],
    ['a window of 65536', { windowsize: '65536' }, { windowSize: 1, agreed: null }],
    ['words', { blksize: 'big', timeout: '-1', windowsize: '1e3' }, { agreed: null }],
    ['a timeout of 5 s', { timeout: '5' }, { timeoutMs: 5000 }],
    ['a timeout of 10 s', { timeout: '10' }, { timeoutMs: 10_000, agreed: new Map([['timeout', '10']]) }],
    ['a timeout of 11 s', { timeout: '11' }, { timeoutMs: 1000, agreed: null }],
    ['a timeout of 255 s', { timeout: '255' }, { timeoutMs: 1000, agreed: null }],
    ['a timeout of 256 s', { timeout: '256' }, { timeoutMs: 1000, agreed: null }],
    ['options nobody knows', { multicast: '', utimeout: '5' }, { agreed: null }],
  ])('agrees on %s', (_, options, expected) => expect(begin(1024, options).transfer).toMatchObject(expected))
  it.each([[4, '16', 4], [4, '2', 2], [1, '16', 1], [64, '64', 64]])('grants no more than %i blocks to who asks for %s', (most, windowsize, expected) => {
    const started = startTransfer(read({ windowsize }), 1024, 0, most)
    expect(started.ok && [started.value.transfer.windowSize, started.value.transfer.agreed?.get('windowsize')]).toEqual([expected, String(expected)])
  })
  it('writes nothing', () => expect(startTransfer({ ...read(), kind: 'write' }, 1, 0)).toMatchObject({ ok: false, fault: { code: 2 } }))
  it('sends no mail', () => expect(startTransfer(read({}, 'mail'), 1, 0)).toMatchObject({ ok: false, fault: { code: 4 } }))
})

describe('stepTransfer', () => {
  it('sends an empty last block where the size is a multiple of the block', () => {
    expect(blockRange(begin(1024).transfer, 3)).toEqual({ start: 1024, end: 1024 })
  })
  it.each([[{ windowsize: '8' }, 'sendOptions'], [{}, 'sendBlocks']])('sends a client that says nothing the same five times, ever later: %j', (options, kind) => {
    let { transfer, action } = begin(1e6, options as Record<string, string>)
    const sent: string[] = []
    const times: number[] = []
    for (let turn = 0; turn < 10 && action.kind !== 'abort'; turn += 1) {
      sent.push(action.kind)
      times.push(transfer.sentAtMs);
      ({ transfer, action } = stepTransfer(transfer, { kind: 'timeout' }, dueAtMs(transfer)))
    }
    expect(sent).toEqual(Array.from({ length: 5 }, () => kind))
    expect(times).toEqual([0, 1000, 3000, 7000, 11_000])
    expect(transfer.sentTo).toBeLessThanOrEqual(1)
  })
  it('bears a client that has begun for half a minute', () => {
    let { transfer, action } = after(begin(1e6, { windowsize: '4' }), ack(0), ack(4))
    while (action.kind !== 'abort') ({ transfer, action } = stepTransfer(transfer, { kind: 'timeout' }, dueAtMs(transfer)))
    expect(transfer.sentAtMs).toBeGreaterThan(25_000)
    expect(transfer.resends).toBeLessThan(20)
  })
  it('waits as long as the wire takes, not a second', () => {
    const fast = after(begin(1e6, { windowsize: '4' }), ack(0, 2), ack(4, 4), ack(8, 6)).transfer
    expect(dueAtMs(fast) - fast.sentAtMs).toBe(100)
    const slow = after(begin(1e6, { windowsize: '4' }), ack(0, 200), ack(4, 400), ack(8, 600)).transfer
    expect(dueAtMs(slow) - slow.sentAtMs).toBeGreaterThan(300)
  })
  it('never answers a repeated ACK with a window of one', () => expect(after(begin(10_000), ack(1), ack(1)).action.kind).toBe('wait'))
  it('answers a repeated ACK once in a window', () => {
    const start = after(begin(10_000, { windowsize: '4' }), ack(0))
    expect(after(start, ack(0)).action).toEqual({ kind: 'sendBlocks', from: 1, to: 4 })
    expect(after(start, ack(0), ack(0)).action.kind).toBe('wait')
  })
  it('goes on at once from an ACK inside the window', () => expect(after(begin(10_000, { windowsize: '4' }), ack(0), ack(2)).action).toEqual({ kind: 'sendBlocks', from: 3, to: 6 }))
  it('takes the echo of what was sent twice for an echo', () => {
    const late = after(begin(100_000, { windowsize: '4' }), ack(0), { kind: 'timeout' }, ack(4))
    expect(after(late, ack(4)).action.kind).toBe('wait')
    expect(after(late, ack(4), ack(4)).action).toEqual({ kind: 'sendBlocks', from: 5, to: 8 })
  })
  it('lets nobody skip ahead', () => {
    const start = begin(1e6, { windowsize: '4' })
    expect(after(start, ack(3)).action.kind).toBe('wait')
    expect(after(start, ack(0), ack(9)).action.kind).toBe('wait')
  })
  it('takes ERROR 8 after a question for the size as normal', () => {
    expect(after(begin(10, { tsize: '0' }), { kind: 'error', code: 8, message: '' }).action).toMatchObject({ kind: 'abort', normal: true })
    expect(after(begin(10), { kind: 'error', code: 0, message: 'x' }).action).toMatchObject({ kind: 'abort', normal: false, quiet: true })
  })
})

describe('a whole transfer', () => {
  const calm: Weather = { loss: 0, duplication: 0, reordering: 0 }
  const storm: Weather = { loss: 0.05, duplication: 0.05, reordering: 0.05 }
  const quiet: Habits = { chatty: false, patienceMs: 1000 }
  const chatty: Habits = { chatty: true, patienceMs: 300 }
  const rows: [number, Record<string, string>, Weather, Habits][] = [0, 511, 512, 100_000].flatMap((size) => [{}, { windowsize: '4', tsize: '0' }, { blksize: '1468', windowsize: '16' }].flatMap(
    (options) => [calm, storm].flatMap((weather) => [quiet, chatty].map((habits): [number, Record<string, string>, Weather, Habits] => [size, options as Record<string, string>, weather, habits]))))
  it.each(rows)('brings %i bytes over with %j in %j for %j', (size, options, weather, habits) => {
    for (let seed = 1; seed <= 5; seed += 1) expect(receive(size, options, weather, habits, seed)).toMatchObject({ received: size, end: 'done' })
  })
  it('counts on beyond block 65535', () => expect(receive(600_000, { blksize: '8', windowsize: '64' }, calm, quiet, 1)).toMatchObject({ received: 600_000, blocks: 75_001 }))
  it.each([['1', 1.02], ['4', 1.5], ['16', 2]])('sends a doubled packet’s block twice, not every block from then on: window %s', (windowsize, most) => {
    const { blocks } = receive(2_000_000, { blksize: '1000', windowsize }, { loss: 0, duplication: 0.01, reordering: 0 }, quiet, 3)
    expect(blocks / 2001).toBeLessThan(most)
  })
  it('loses little time to a lost block', () => {
    const { ms } = receive(2_000_000, { blksize: '1000', windowsize: '16' }, { loss: 0.01, duplication: 0, reordering: 0 }, quiet, 3)
    expect(ms).toBeLessThan(3000)
  })
  it('speaks of windows only where one was agreed', () => expect((begin(1e6).transfer satisfies Transfer).windowSize).toBe(1))
})
