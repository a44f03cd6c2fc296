import { fault, ok, type Result } from '#contract/result'
import { tftpError, type TftpPacket } from '../../codec/tftp.ts'

/**
 * One file on its way to one client. Blocks are counted from 1 without end; only the wire sees them modulo 65536. Times are
 * milliseconds of any clock that does not go back.
 *
 * INVARIANTS: acked <= sentTo <= lastBlock; nothing beyond `acked + windowSize` was ever sent; until the client's first ACK (`confirmed`) at
 * most one window is out, and it is sent at most five times: a forged address gets no more than that.
 */
export interface Transfer {
  /** Of what is sent: with netascii more than the file. */
  readonly sizeBytes: number
  readonly blockSize: number
  readonly windowSize: number
  /** How long a client's first answer is waited for, and the most that its later answers are. */
  readonly timeoutMs: number
  /** The last block is the first one shorter than blockSize; it may be empty. */
  readonly lastBlock: number
  /** What was agreed, or null where the client asked for nothing (then the first packet is block 1). */
  readonly agreed: ReadonlyMap<string, string> | null
  /** The last block the client has. 0 before any; with options also before its ACK 0. */
  readonly acked: number
  /** The highest block that was ever sent. */
  readonly sentTo: number
  readonly confirmed: boolean
  /** How often the current window was sent. */
  readonly tries: number
  /**
   * What a repeated ACK means. `loss`: a block is missing. `echo`: blocks were just sent twice, so the client may say one thing twice: answering
   * that would double every window from then on. `told`: this window was already sent again for one.
   */
  readonly repeats: 'loss' | 'echo' | 'told'
  /** What `sentTo` was when a window was last sent again. */
  readonly recoverTo: number
  /** When the current window was last sent, and when the client last had something new. */
  readonly sentAtMs: number
  readonly progressAtMs: number
  /** Measured from window to ACK: smoothed time and its variation (RFC 6298); null before the first. */
  readonly roundTripMs: number | null
  readonly variationMs: number
  /** How often any window was sent again. */
  readonly resends: number
}

/** What the socket does next. */
export type TransferAction =
  | { kind: 'sendOptions' }
  | { kind: 'sendBlocks'; from: number; to: number }
  | { kind: 'wait' }
  | { kind: 'done' }
  /** `quiet`: the client ended it and needs no answer. `normal`: it only wanted to know the size. */
  | { kind: 'abort'; why: string; quiet: boolean; normal: boolean }

/** What happens to a transfer. */
export type TransferEvent = { kind: 'ack'; block: number } | { kind: 'error'; code: number; message: string } | { kind: 'timeout' }

/** Why a request is refused; `code` and `message` go to the client. */
export interface TransferFault { kind: 'refused'; code: number; message: string }

/** A transfer and what to do for it. */
export interface TransferStep { readonly transfer: Transfer; readonly action: TransferAction }

const tryLimit = 5
/** A client that has begun is given this long: it may be waiting for its switch, or be busy with what it has. */
const silenceLimitMs = 30_000
const defaultTimeoutMs = 1000
/** A client may ask for up to 255 (RFC 2349). One that says nothing would keep its place for five times that: what is not kept to is not agreed on. */
const longestAskedSeconds = 10
/** Less than this is the jitter of a busy machine, not a loss. */
const shortestTimeoutMs = 100
const longestTimeoutMs = 4000
/** The most blocks that are ever sent before an answer. */
export const windowLimit = 64
/** A window may hold this much: what a client's receive buffer surely takes. */
const windowBytesLimit = 128 * 1024

/**
 * Begins a transfer as the client asked: RFC 1350, with options blksize, timeout, tsize and windowsize (RFC 2348, 2349, 7440). Values out
 * of range are left out of the answer, as RFC 2347 says, or brought into it where the RFC lets a server answer with less. `mostBlocks` is
 * the largest window that this client may have.
 */
export function startTransfer(request: TftpPacket & { kind: 'read' | 'write' }, sizeBytes: number, nowMs: number, mostBlocks = windowLimit): Result<TransferStep, TransferFault> {
  if (request.kind === 'write') return fault({ kind: 'refused', code: tftpError.accessViolation, message: 'read only' })
  if (request.mode !== 'octet' && request.mode !== 'netascii') return fault({ kind: 'refused', code: tftpError.illegal, message: 'mode must be octet or netascii' })
  const agreed = new Map<string, string>()
  const number = (name: string): number | undefined => (/^\d{1,10}$/.test(request.options.get(name) ?? '') ? Number(request.options.get(name)) : undefined)

  const askedBlock = number('blksize')
  // 1468 is the most that fits an Ethernet frame; a larger answer would be cut into fragments, which firmware loses.
  const blockSize = askedBlock !== undefined && askedBlock >= 8 ? Math.min(askedBlock, 1468) : 512
  if (askedBlock !== undefined && askedBlock >= 8) agreed.set('blksize', String(blockSize))
  const askedTimeout = number('timeout')
  if (askedTimeout !== undefined && askedTimeout >= 1 && askedTimeout <= longestAskedSeconds) agreed.set('timeout', String(askedTimeout))
  if (request.options.has('tsize')) agreed.set('tsize', String(sizeBytes))
  const askedWindow = number('windowsize')
  const hasWindow = askedWindow !== undefined && askedWindow >= 1 && askedWindow <= 65535
  const windowSize = hasWindow ? Math.max(1, Math.min(askedWindow, windowLimit, mostBlocks, Math.floor(windowBytesLimit / blockSize))) : 1
  if (hasWindow) agreed.set('windowsize', String(windowSize))

  const transfer: Draft = {
    sizeBytes, blockSize, windowSize, timeoutMs: agreed.has('timeout') ? (askedTimeout ?? 1) * 1000 : defaultTimeoutMs,
    lastBlock: Math.floor(sizeBytes / blockSize) + 1, agreed: agreed.size > 0 ? agreed : null,
    acked: 0, sentTo: 0, confirmed: false, tries: 1, repeats: 'loss', recoverTo: 0, sentAtMs: nowMs, progressAtMs: nowMs, roundTripMs: null, variationMs: 0, resends: 0,
  }
  return ok(agreed.size > 0 ? { transfer, action: { kind: 'sendOptions' } } : sendWindow(transfer, nowMs))
}

/** When the current window is to be sent again, by the measured round trip, twice as late after each try. */
export function dueAtMs(transfer: Transfer): number {
  const measured = transfer.roundTripMs === null ? transfer.timeoutMs : Math.max(shortestTimeoutMs, transfer.roundTripMs + 4 * transfer.variationMs)
  const longest = Math.max(transfer.timeoutMs, longestTimeoutMs)
  return transfer.sentAtMs + Math.min(longest, measured * 2 ** Math.min(transfer.tries - 1, 16))
}

/** The next state and what to do, after an ACK, an ERROR, or silence until `dueAtMs`. */
export function stepTransfer(transfer: Transfer, event: TransferEvent, nowMs: number): TransferStep {
  if (event.kind === 'error') {
    // Quirk: OVMF ends its size request with ERROR 8 and asks again without tsize (uefi-virtio-ovmfnative-pxe.pcap).
    const normal = transfer.agreed?.has('tsize') === true && transfer.acked === 0
    return { transfer, action: { kind: 'abort', why: normal ? 'wanted the size only' : `client error ${event.code}: ${event.message}`, quiet: true, normal } }
  }
  if (event.kind === 'timeout') return stepSilence(transfer, nowMs)
  // How far this ACK is beyond the last one, modulo 65536: a window is far smaller than half of that.
  const distance = (event.block - transfer.acked) & 0xffff
  if (distance === 0) return stepRepeatedAck(transfer, nowMs)
  // Old, or of a block that was never sent.
  if (distance > transfer.sentTo - transfer.acked) return { transfer, action: { kind: 'wait' } }
  const isFirstTry = transfer.tries === 1 && transfer.repeats !== 'told'
  const next = copyOf(transfer)
  if (isFirstTry) measure(next, nowMs)
  next.acked += distance
  next.confirmed = true
  next.tries = 1
  next.progressAtMs = nowMs
  next.repeats = isFirstTry ? 'loss' : 'echo'
  if (next.acked === next.lastBlock) return { transfer: next, action: { kind: 'done' } }
  if (next.acked === next.sentTo) return sendWindow(next, nowMs)
  // An ACK inside the window asks for the rest of it again. But where it ends with what was out before the last such answer, the client has got
  // everything and says so once more: go on with what is new.
  if (transfer.repeats === 'told' && next.acked === next.recoverTo) return sendWindow(next, nowMs, next.sentTo)
  next.repeats = 'told'
  return sendAgain(next, nowMs)
}

/** The bytes that a block covers. */
export const blockRange = (transfer: Transfer, block: number): { start: number; end: number } => ({
  start: Math.min(transfer.sizeBytes, (block - 1) * transfer.blockSize), end: Math.min(transfer.sizeBytes, block * transfer.blockSize),
})

function stepSilence(transfer: Transfer, nowMs: number): TransferStep {
  const isOver = transfer.tries >= tryLimit && (!transfer.confirmed || nowMs - transfer.progressAtMs >= silenceLimitMs)
  if (isOver) return { transfer, action: { kind: 'abort', why: `no answer after block ${transfer.acked} in ${transfer.tries} tries`, quiet: false, normal: false } }
  const next = copyOf(transfer)
  next.tries += 1
  next.repeats = 'loss'
  return sendAgain(next, nowMs)
}

function stepRepeatedAck(transfer: Transfer, nowMs: number): TransferStep {
  const next = copyOf(transfer)
  if (!transfer.confirmed) {
    if (!transfer.agreed) return { transfer, action: { kind: 'wait' } }
    if (transfer.tries === 1) measure(next, nowMs)
    next.confirmed = true
    next.tries = 1
    next.progressAtMs = nowMs
    return sendWindow(next, nowMs)
  }
  // With a window of one, answering a repeated ACK doubles every packet from then on (RFC 1123 §4.2.3.1).
  if (transfer.windowSize === 1 || transfer.repeats === 'told') return { transfer, action: { kind: 'wait' } }
  next.repeats = transfer.repeats === 'echo' ? 'loss' : 'told'
  return transfer.repeats === 'echo' ? { transfer: next, action: { kind: 'wait' } } : sendAgain(next, nowMs)
}

/** A transfer that is not shown to anybody yet. */
type Draft = { -readonly [Key in keyof Transfer]: Transfer[Key] }

/** Spelled out because one is made for every ACK, and `...transfer` takes the engine forty times as long. */
const copyOf = (from: Transfer): Draft => ({
  sizeBytes: from.sizeBytes, blockSize: from.blockSize, windowSize: from.windowSize, timeoutMs: from.timeoutMs, lastBlock: from.lastBlock, agreed: from.agreed, acked: from.acked, sentTo: from.sentTo, confirmed: from.confirmed,
  tries: from.tries, repeats: from.repeats, recoverTo: from.recoverTo, sentAtMs: from.sentAtMs, progressAtMs: from.progressAtMs, roundTripMs: from.roundTripMs, variationMs: from.variationMs, resends: from.resends,
})

function sendAgain(next: Draft, nowMs: number): TransferStep {
  next.sentAtMs = nowMs
  next.recoverTo = next.sentTo
  next.resends += 1
  return next.agreed && !next.confirmed ? { transfer: next, action: { kind: 'sendOptions' } } : sendWindow(next, nowMs)
}

function sendWindow(next: Draft, nowMs: number, from = next.acked): TransferStep {
  const to = Math.min(next.lastBlock, next.acked + next.windowSize)
  next.sentTo = Math.max(next.sentTo, to)
  next.sentAtMs = nowMs
  return { transfer: next, action: { kind: 'sendBlocks', from: from + 1, to } }
}

/** The time since the window was sent. @see RFC 6298 §2. Windows that were sent twice are not measured: nobody knows which sending was answered (Karn). */
function measure(next: Draft, nowMs: number): void {
  const sampleMs = nowMs - next.sentAtMs
  next.variationMs = next.roundTripMs === null ? sampleMs / 2 : 0.75 * next.variationMs + 0.25 * Math.abs(next.roundTripMs - sampleMs)
  next.roundTripMs = next.roundTripMs === null ? sampleMs : 0.875 * next.roundTripMs + 0.125 * sampleMs
}
