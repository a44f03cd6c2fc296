import { readFileSync } from 'node:fs'
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { encodeNetascii } from '../../codec/netascii.ts'
import { decodeTftp, encodeTftp, tftpError, type TftpPacket } from '../../codec/tftp.ts'
import { blockRange, dueAtMs, startTransfer, stepTransfer, type Transfer, type TransferAction, type TransferEvent } from '../../policy/transfers/tftp-transfer.ts'
import { batchBytes, batchLimit, Datagrams, hearUnreachable, type ClientKey } from '../linux/datagrams.ts'
import { FileBlocks } from './file-blocks.ts'
import { slotState, type MoverOrder, type MoverReport, type MoverSource } from './tftp-orders.ts'
import { TokenBuckets } from '../token-bucket.ts'
import { closeDescriptor, type Waker } from '../linux/waker.ts'

/**
 * The thread that moves files by TFTP. It never returns to Node's event loop: it polls its sockets and its waker, and takes orders from its
 * port when it is woken.
 *
 * Transfers share a few unconnected sockets at ports that the kernel chose, so that one call receives the ACKs of many clients. A transfer is
 * known by its client's address and port; anybody else who speaks to such a port is told so (ERROR 5) and disturbs nobody.
 *
 * INVARIANTS: `sessions` holds one session for a client; a session's slot is `ended` before its end is reported.
 */
interface Session {
  readonly id: number
  readonly slot: number
  readonly fd: number
  readonly client: ClientKey
  readonly source: MoverSource
  transfer: Transfer
}

const cacheBytes = 64 * 1024 * 1024
/** Text mode is for people with stock clients; translating is work, which nobody shall be able to ask for without end. */
const textLimitBytes = 4 * 1024 * 1024
const strangersPerSecond = 50
/** Who was served a moment ago may say so twice. */
const remembered = 256
const longestWaitMs = 10_000
/**
 * A client that answers a window within this is waited for awake, and no longer than this: going to sleep and being woken would take about as
 * much time as the wire does.
 */
const awakeMs = 0.3

const { waker, progress, answeredAt } = workerData as { waker: Waker; progress: Float64Array; answeredAt: Float64Array }
const orders = parentPort as MessagePort
const datagrams = new Datagrams(waker)
const blocks = new FileBlocks(cacheBytes)
const sessions = new Map<ClientKey, Session>()
const finished = new Set<ClientKey>()
const strangers = new TokenBuckets(strangersPerSecond, strangersPerSecond, 1)
let sockets: readonly number[] = []
let translated: { path: string; bytes: Uint8Array } = { path: '', bytes: new Uint8Array() }
let dropped: Record<(MoverReport & { kind: 'dropped' })['reason'], number> = { 'malformed': 0, 'not-a-request': 0, 'unknown-client': 0 }
let toldDropsAtMs = 0
const state = { isClosing: false }
/** No transfer is due before: too early at most, because every sending says when it is due and answers only put that off. */
let nextDueMs = Number.POSITIVE_INFINITY
let awakeUntilMs = 0

const report = (what: MoverReport): void => orders.postMessage(what, [])
const now = (): number => performance.now()

while (!state.isClosing) {
  const { isWoken, readable, failed } = datagrams.wait(waitMs())
  try {
    for (const fd of failed) for (const client of datagrams.unreachable(fd)) lose(client)
    for (const fd of readable) for (const { bytes, sender } of datagrams.receive(fd)) hear(fd, bytes, sender)
    if (isWoken) for (let next = receiveMessageOnPort(orders); next; next = receiveMessageOnPort(orders)) obey(next.message as MoverOrder)
    wakeSilent()
    tellDrops()
  } catch (error) {
    report({ kind: 'broken', error: String(error) })
  }
}
for (const session of Array.from(sessions.values())) end(session, 'failed', 'the server stops')
for (const fd of sockets) closeDescriptor(fd)
datagrams.close()
blocks.close()
orders.close()

function obey(order: MoverOrder): void {
  switch (order.kind) {
    case 'sockets':
      for (const fd of order.fds) hearUnreachable(fd)
      sockets = [...sockets, ...order.fds]
      return datagrams.listen(sockets)
    case 'release':
      for (const session of Array.from(sessions.values())) if (order.fds.includes(session.fd)) end(session, 'failed', 'the server stops')
      sockets = sockets.filter((fd) => !order.fds.includes(fd))
      datagrams.listen(sockets)
      for (const fd of order.fds) closeDescriptor(fd)
      return undefined
    case 'start': return start(order)
    case 'end': {
      const session = Array.from(sessions.values()).find(({ id }) => id === order.id)
      if (session) end(session, 'failed', 'ended to make room')
      return undefined
    }
    case 'close': state.isClosing = true
  }
}

function start(order: MoverOrder & { kind: 'start' }): void {
  const old = sessions.get(order.client)
  if (old) end(old, 'failed', 'the client asked anew')
  try {
    const source = order.request.mode === 'netascii' ? translate(order.source) : order.source
    if (source === undefined) return refuse(order, tftpError.illegal, 'too large for netascii: ask for octet (binary)')
    const started = startTransfer(order.request, sizeOf(source), now(), order.mostBlocks)
    if (!started.ok) return refuse(order, started.fault.code, started.fault.message)
    const { transfer, action } = started.value
    const session = { id: order.id, slot: order.slot, fd: order.fd, client: order.client, source, transfer }
    finished.delete(order.client)
    sessions.set(order.client, session)
    report({ kind: 'started', id: order.id, sizeBytes: transfer.sizeBytes, blockSize: transfer.blockSize, windowSize: transfer.windowSize })
    act(session, action)
  } catch (error) {
    report({ kind: 'broken', error: String(error) })
    refuse(order, tftpError.undefined, 'the file cannot be read now')
  }
}

function refuse(order: MoverOrder & { kind: 'start' }, code: number, message: string): void {
  progress[order.slot] = slotState.ended
  report({ kind: 'ended', id: order.id, outcome: 'failed', why: message, sentBytes: 0, resends: 0, roundTripMs: null })
  sendPacket(order, { kind: 'error', code, message })
}

function hear(fd: number, bytes: Uint8Array, sender: ClientKey): void {
  const packet = decodeTftp(bytes)
  if (!packet.ok) { dropped.malformed += 1; return }
  const session = sessions.get(sender)
  if (session === undefined || session.fd !== fd) {
    if (finished.has(sender)) return
    dropped['unknown-client'] += 1
    // An ERROR is never answered with another one (RFC 1350 §4).
    if (packet.value.kind !== 'error' && strangers.take('', 1, now()) === 1) sendPacket({ fd, client: sender }, { kind: 'error', code: tftpError.unknownTransfer, message: 'unknown transfer' })
    return
  }
  if (packet.value.kind === 'ack' || packet.value.kind === 'error') step(session, packet.value)
  else dropped['not-a-request'] += 1
}

function step(session: Session, event: TransferEvent): void {
  const next = stepTransfer(session.transfer, event, now())
  session.transfer = next.transfer
  act(session, next.action)
}

function act(session: Session, action: TransferAction): void {
  const { transfer } = session
  progress[session.slot] = transfer.confirmed ? Math.min(transfer.sizeBytes, transfer.acked * transfer.blockSize) : slotState.unconfirmed
  answeredAt[session.slot] = performance.timeOrigin + transfer.progressAtMs
  try {
    switch (action.kind) {
      case 'wait': return
      case 'sendOptions':
        nextDueMs = Math.min(nextDueMs, dueAtMs(transfer))
        return sendPacket(session, { kind: 'optionAck', options: transfer.agreed ?? new Map() })
      case 'sendBlocks':
        nextDueMs = Math.min(nextDueMs, dueAtMs(transfer))
        sendBlocks(session, action.from, action.to)
        if (transfer.roundTripMs !== null && transfer.roundTripMs < awakeMs) awakeUntilMs = transfer.sentAtMs + awakeMs
        return
      case 'done': return end(session, 'sent', '')
      case 'abort':
        if (!action.quiet) sendPacket(session, { kind: 'error', code: tftpError.undefined, message: 'no answer' })
        return end(session, action.normal ? 'sizeOnly' : 'failed', action.why)
    }
  } catch (error) {
    report({ kind: 'broken', error: String(error) })
    sendPacket(session, { kind: 'error', code: tftpError.undefined, message: 'the file cannot be read now' })
    end(session, 'failed', 'the file cannot be read')
  }
}

function sendBlocks(session: Session, from: number, to: number): void {
  const { transfer, source } = session
  const stride = transfer.blockSize + 4
  const most = Math.min(batchLimit, Math.floor(batchBytes / stride))
  const out = datagrams.outgoing
  for (let first = from; first <= to; first += most) {
    let length = 0
    for (let block = first; block <= Math.min(to, first + most - 1); block += 1) {
      const { start, end } = blockRange(transfer, block)
      out.writeUInt16BE(3, length)
      out.writeUInt16BE(block & 0xffff, length + 2)
      if ('bytes' in source) out.set(source.bytes.subarray(start, end), length + 4)
      else blocks.copy(source.path, start, end - start, out, length + 4)
      length += 4 + end - start
    }
    if (!datagrams.send(session.fd, session.client, stride, length)) return
  }
}

function sendPacket(to: { fd: number; client: ClientKey }, packet: TftpPacket): void {
  const bytes = encodeTftp(packet)
  datagrams.outgoing.set(bytes)
  datagrams.send(to.fd, to.client, bytes.length, bytes.length)
}

function end(session: Session, outcome: (MoverReport & { kind: 'ended' })['outcome'], why: string): void {
  const { transfer } = session
  sessions.delete(session.client)
  progress[session.slot] = slotState.ended
  finished.add(session.client)
  if (finished.size > remembered) finished.delete(finished.keys().next().value ?? 0)
  report({ kind: 'ended', id: session.id, outcome, why, sentBytes: Math.min(transfer.sizeBytes, transfer.acked * transfer.blockSize), resends: transfer.resends, roundTripMs: transfer.roundTripMs })
}

/** The client's port is closed. Once the last block is out that is how a client ends whose last ACK was lost. */
function lose(client: ClientKey): void {
  const session = sessions.get(client)
  if (!session) return
  const { transfer } = session
  if (transfer.confirmed && transfer.sentTo === transfer.lastBlock) end(session, 'sent', '')
  else end(session, 'failed', 'the client has gone: its port is closed')
}

/** How long nothing can be due. */
function waitMs(): number {
  if (now() < awakeUntilMs) return 0
  return Math.max(0, Math.min(longestWaitMs, Math.ceil(nextDueMs - now())))
}

function wakeSilent(): void {
  const nowMs = now()
  if (nowMs < nextDueMs) return
  nextDueMs = Number.POSITIVE_INFINITY
  for (const session of sessions.values()) {
    if (dueAtMs(session.transfer) <= nowMs) step(session, { kind: 'timeout' })
    if (sessions.has(session.client)) nextDueMs = Math.min(nextDueMs, dueAtMs(session.transfer))
  }
}

function tellDrops(): void {
  if (now() - toldDropsAtMs < 1000) return
  toldDropsAtMs = now()
  for (const [reason, count] of Object.entries(dropped) as [keyof typeof dropped, number][]) if (count > 0) report({ kind: 'dropped', reason, count })
  dropped = { 'malformed': 0, 'not-a-request': 0, 'unknown-client': 0 }
}

function translate(source: MoverSource): MoverSource | undefined {
  if (sizeOf(source) > textLimitBytes) return undefined
  if ('bytes' in source) return { bytes: encodeNetascii(source.bytes) }
  if (translated.path !== source.path) translated = { path: source.path, bytes: encodeNetascii(readFileSync(source.path)) }
  return { bytes: translated.bytes }
}

function sizeOf(source: MoverSource): number {
  return 'bytes' in source ? source.bytes.length : source.sizeBytes
}
