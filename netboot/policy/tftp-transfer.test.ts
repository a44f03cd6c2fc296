import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../test/sim/random.ts'
import { blockRange, startTransfer, stepTransfer, type Transfer, type TransferAction } from './tftp-transfer.ts'

const read = (options: Record<string, string> = {}, mode = 'octet') => ({ kind: 'read' as const, file: 'f', mode, options: new Map(Object.entries(options)) })
const begin = (sizeBytes: number, options: Record<string, string> = {}): { transfer: Transfer; action: TransferAction } => {
  const started = startTransfer(read(options), sizeBytes)
  if (!started.ok) throw new Error('refused')
  return started.value
}

/** Runs a whole transfer to a client that loses packets; returns the bytes it has and how many packets were sent. */
function receive(sizeBytes: number, options: Record<string, string>, loss: number, seed: number): { received: number; packets: number; end: string } {
  const random = seededRandom(seed)
  let { transfer, action } = begin(sizeBytes, options)
  let expected = 1
  let received = 0
  let packets = 0
  let inWindow = 0
  for (let turn = 0; turn < 1_000_000; turn += 1) {
    if (action.kind === 'done' || action.kind === 'abort') return { received, packets, end: action.kind }
    let ack: number | undefined
    if (action.kind === 'sendOptions') { packets += 1; if (random() >= loss) ack = 0 }
    if (action.kind === 'sendBlocks') {
      for (let block = action.from; block <= action.to; block += 1) {
        packets += 1
        if (random() < loss) continue
        if ((block & 0xffff) !== (expected & 0xffff)) { ack = (expected - 1) & 0xffff; inWindow = 0; continue }
        const { start, end } = blockRange(transfer, block)
        received += end - start
        expected += 1
        inWindow += 1
        if (inWindow === transfer.windowSize || block === transfer.lastBlock) { ack = block & 0xffff; inWindow = 0 }
      }
    }
    const next = stepTransfer(transfer, ack === undefined || random() < loss ? { kind: 'timeout' } : { kind: 'ack', block: ack })
    transfer = next.transfer
    action = next.action.kind === 'wait' ? stepTransfer(transfer, { kind: 'timeout' }).action : next.action
    if (next.action.kind === 'wait') transfer = { ...transfer, tries: transfer.tries + 1 }
  }
  throw new Error('it never ends')
}

describe('startTransfer', () => {
  it.each<[string, Record<string, string>, object]>([
    ['nothing', {}, { blockSize: 512, windowSize: 1, agreed: null, lastBlock: 3 }],
    ['what OVMF asks', { tsize: '0', blksize: '1468', windowsize: '4' }, { blockSize: 1468, windowSize: 4, agreed: new Map([['blksize', '1468'], ['tsize', '1024'], ['windowsize', '4']]) }],
    ['a block beyond an Ethernet frame', { blksize: '65464' }, { blockSize: 1468 }],
    ['blocks of 1 byte', { blksize: '1' }, { blockSize: 512, agreed: null }],
    ['a window of 65535', { windowsize: '65535' }, { windowSize: 64 }],
    ['a window of 0', { windowsize: '0' }, { windowSize: 1, agreed: null }],
    ['words', { blksize: 'big', timeout: '-1', windowsize: '1e3' }, { agreed: null }],
    ['a timeout of 5 s', { timeout: '5' }, { timeoutMs: 5000 }],
  ])('agrees on %s', (_, options, expected) => expect(begin(1024, options).transfer).toMatchObject(expected))
  it('writes nothing', () => expect(startTransfer({ ...read(), kind: 'write' }, 1)).toMatchObject({ ok: false, fault: { code: 2 } }))
  it('sends no mail', () => expect(startTransfer(read({}, 'mail'), 1)).toMatchObject({ ok: false, fault: { code: 4 } }))
})

describe('stepTransfer', () => {
  it('sends an empty last block where the size is a multiple of the block', () => {
    const { transfer } = begin(1024)
    expect(blockRange(transfer, 3)).toEqual({ start: 1024, end: 1024 })
  })
  it('sends one window five times to a client that says nothing', () => {
    let { transfer, action } = begin(1e6, { windowsize: '8' })
    const sent = [action.kind]
    for (let tick = 0; tick < 10 && action.kind !== 'abort'; tick += 1) { ({ transfer, action } = stepTransfer(transfer, { kind: 'timeout' })); sent.push(action.kind) }
    expect(sent).toEqual(['sendOptions', 'sendOptions', 'sendOptions', 'sendOptions', 'sendOptions', 'abort'])
  })
  it('answers a repeated ACK once in a window, and never with a window of one', () => {
    const one = stepTransfer(begin(10_000).transfer, { kind: 'ack', block: 1 })
    expect(stepTransfer(one.transfer, { kind: 'ack', block: 1 }).action.kind).toBe('wait')
    const four = stepTransfer(begin(10_000, { windowsize: '4' }).transfer, { kind: 'ack', block: 0 })
    const again = stepTransfer(four.transfer, { kind: 'ack', block: 0 })
    expect(again.action).toEqual({ kind: 'sendBlocks', from: 1, to: 4 })
    expect(stepTransfer(again.transfer, { kind: 'ack', block: 0 }).action.kind).toBe('wait')
  })
  it('lets nobody skip ahead', () => {
    const { transfer } = begin(1e6, { windowsize: '4' })
    expect(stepTransfer(transfer, { kind: 'ack', block: 3 }).action.kind).toBe('wait')
    expect(stepTransfer(stepTransfer(transfer, { kind: 'ack', block: 0 }).transfer, { kind: 'ack', block: 9 }).action.kind).toBe('wait')
  })
  it('takes ERROR 8 after a question for the size as normal', () => {
    expect(stepTransfer(begin(10, { tsize: '0' }).transfer, { kind: 'error', code: 8, message: '' }).action).toMatchObject({ kind: 'abort', normal: true })
    expect(stepTransfer(begin(10).transfer, { kind: 'error', code: 0, message: 'x' }).action).toMatchObject({ kind: 'abort', normal: false, quiet: true })
  })
  it.each([[0, {}, 0], [511, {}, 0], [512, {}, 0], [100_000, { blksize: '1468', windowsize: '16', tsize: '0' }, 0], [100_000, { windowsize: '7' }, 0.1], [100_000, {}, 0.1]])('brings %i bytes over with %j at loss %f', (size, options, loss) => {
    expect(receive(size, options as Record<string, string>, loss, 7)).toMatchObject({ received: size, end: 'done' })
  })
  it('counts on beyond block 65535', () => expect(receive(600_000, { blksize: '8', windowsize: '64' }, 0, 1)).toMatchObject({ received: 600_000, end: 'done' }))
})
