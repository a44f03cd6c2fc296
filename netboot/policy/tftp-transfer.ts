import { fault, ok, type Result } from '#contract/result'
import { tftpError, type TftpPacket } from '../codec/tftp.ts'

/**
 * One file on its way to one client. Blocks are counted from 1 without end; only the wire sees them modulo 65536.
 *
 * INVARIANTS: acked <= lastBlock; nothing beyond `acked + windowSize` was ever sent; until the client's first ACK (`confirmed`) at most one
 * window is out, and it is sent at most five times: a forged address gets no more than that.
 */
export interface Transfer {
  readonly sizeBytes: number
  readonly blockSize: number
  readonly windowSize: number
  readonly timeoutMs: number
  /** The last block is the first one shorter than blockSize; it may be empty. */
  readonly lastBlock: number
  /** What was agreed, or null where the client asked for nothing (then the first packet is block 1). */
  readonly agreed: ReadonlyMap<string, string> | null
  /** The last block the client has. 0 before any; with options also before its ACK 0. */
  readonly acked: number
  readonly confirmed: boolean
  /** How often the current window was sent. */
  readonly tries: number
  /** Whether the window was already sent again for a repeated ACK: once is a lost block, twice would be a storm. */
  readonly repeated: boolean
}

/** What the socket does next. */
export type TransferAction =
  | { kind: 'sendOptions' }
  | { kind: 'sendBlocks'; from: number; to: number }
  | { kind: 'wait' }
  | { kind: 'done' }
  /** `quiet`: the client ended it and needs no answer. `normal`: it only wanted to know the size. */
  | { kind: 'abort'; why: string; quiet: boolean; normal: boolean }

/** Why a request is refused; `code` and `message` go to the client. */
export interface TransferFault { kind: 'refused'; code: number; message: string }

const tryLimit = 5
const defaultTimeoutMs = 1000
/** A window may hold this much: what a client's receive buffer surely takes. */
const windowBytesLimit = 128 * 1024

/**
 * Begins a transfer as the client asked: RFC 1350, with options blksize, timeout, tsize and windowsize (RFC 2348, 2349, 7440). Values out
 * of range are left out of the answer, as RFC 2347 says, or brought into it where the RFC lets a server answer with less.
 */
export function startTransfer(request: TftpPacket & { kind: 'read' | 'write' }, sizeBytes: number): Result<{ transfer: Transfer; action: TransferAction }, TransferFault> {
  if (request.kind === 'write') return fault({ kind: 'refused', code: tftpError.accessViolation, message: 'read only' })
  if (request.mode !== 'octet' && request.mode !== 'netascii') return fault({ kind: 'refused', code: tftpError.illegal, message: 'mode must be octet' })
  const agreed = new Map<string, string>()
  const number = (name: string): number | undefined => (/^\d{1,10}$/.test(request.options.get(name) ?? '') ? Number(request.options.get(name)) : undefined)

  const askedBlock = number('blksize')
  // 1468 is the most that fits an Ethernet frame; a larger answer would be cut into fragments, which firmware loses.
  const blockSize = askedBlock !== undefined && askedBlock >= 8 ? Math.min(askedBlock, 1468) : 512
  if (askedBlock !== undefined && askedBlock >= 8) agreed.set('blksize', String(blockSize))
  const askedTimeout = number('timeout')
  if (askedTimeout !== undefined && askedTimeout >= 1 && askedTimeout <= 255) agreed.set('timeout', String(askedTimeout))
  if (request.options.has('tsize')) agreed.set('tsize', String(sizeBytes))
  const askedWindow = number('windowsize')
  const windowSize = askedWindow !== undefined && askedWindow >= 1 ? Math.max(1, Math.min(askedWindow, 64, Math.floor(windowBytesLimit / blockSize))) : 1
  if (askedWindow !== undefined && askedWindow >= 1) agreed.set('windowsize', String(windowSize))

  const transfer: Transfer = {
    sizeBytes, blockSize, windowSize, timeoutMs: agreed.has('timeout') ? Math.min(askedTimeout ?? 1, 10) * 1000 : defaultTimeoutMs,
    lastBlock: Math.floor(sizeBytes / blockSize) + 1, agreed: agreed.size > 0 ? agreed : null,
    acked: 0, confirmed: false, tries: 1, repeated: false,
  }
  return ok({ transfer, action: send(transfer) })
}

/** The next state and what to do, after an ACK, an ERROR or silence for `timeoutMs`. */
export function stepTransfer(transfer: Transfer, event: { kind: 'ack'; block: number } | { kind: 'error'; code: number; message: string } | { kind: 'timeout' }): { transfer: Transfer; action: TransferAction } {
  if (event.kind === 'error') {
    // Quirk: OVMF ends its size request with ERROR 8 and asks again without tsize (uefi-virtio-ovmfnative-pxe.pcap).
    const normal = transfer.agreed?.has('tsize') === true && transfer.acked === 0
    return { transfer, action: { kind: 'abort', why: normal ? 'wanted the size only' : `client error ${event.code}: ${event.message}`, quiet: true, normal } }
  }
  if (event.kind === 'timeout') {
    if (transfer.tries >= tryLimit) return { transfer, action: { kind: 'abort', why: `no answer after block ${transfer.acked} in ${tryLimit} tries`, quiet: false, normal: false } }
    const next = { ...transfer, tries: transfer.tries + 1, repeated: false }
    return { transfer: next, action: send(next) }
  }
  // How far this ACK is beyond the last one, modulo 65536: a window is far smaller than half of that.
  const distance = (event.block - transfer.acked) & 0xffff
  if (distance > transfer.windowSize) return { transfer, action: { kind: 'wait' } }
  if (distance === 0) return stepRepeatedAck(transfer)
  const acked = transfer.acked + distance
  if (!transfer.confirmed && transfer.agreed) return { transfer, action: { kind: 'wait' } }
  if (acked > transfer.lastBlock) return { transfer, action: { kind: 'wait' } }
  const next = { ...transfer, acked, confirmed: true, tries: 1, repeated: false }
  return { transfer: next, action: acked === transfer.lastBlock ? { kind: 'done' } : send(next) }
}

/** The bytes that a block covers. */
export const blockRange = (transfer: Transfer, block: number): { start: number; end: number } => ({
  start: Math.min(transfer.sizeBytes, (block - 1) * transfer.blockSize), end: Math.min(transfer.sizeBytes, block * transfer.blockSize),
})

function stepRepeatedAck(transfer: Transfer): { transfer: Transfer; action: TransferAction } {
  if (!transfer.confirmed) {
    if (!transfer.agreed) return { transfer, action: { kind: 'wait' } }
    const next = { ...transfer, confirmed: true, tries: 1 }
    return { transfer: next, action: send(next) }
  }
  // With a window of one, answering a repeated ACK doubles every packet from then on (RFC 1123 §4.2.3.1).
  if (transfer.windowSize === 1 || transfer.repeated) return { transfer, action: { kind: 'wait' } }
  const next = { ...transfer, repeated: true }
  return { transfer: next, action: send(next) }
}

function send(transfer: Transfer): TransferAction {
  if (transfer.agreed && !transfer.confirmed) return { kind: 'sendOptions' }
  return { kind: 'sendBlocks', from: transfer.acked + 1, to: Math.min(transfer.lastBlock, transfer.acked + transfer.windowSize) }
}
