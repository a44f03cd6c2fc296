import { randomInt } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import type { NetbootLog } from '../../site.ts'
import type { TftpPacket } from '../../codec/tftp.ts'
import type { ClientKey } from '../linux/datagrams.ts'
import { openUdp } from '../linux/native.ts'
import { startThread } from '../thread.ts'
import { slotState, slotLimit, type MoverOrder, type MoverReport, type MoverSource } from './tftp-orders.ts'
import { closeDescriptor, openWaker, wake } from '../linux/waker.ts'

/** A port guessed by a stranger is one of this many, and he must guess the client's port and the block too. */
const portsPerNetwork = 8
const restartMs = 1000
const answeringMs = 1000

/** The thread that moves files by TFTP, as the rest of netboot sees it. */
export interface TftpMover {
  /** Opens the ports that transfers of one network are sent from; returns their descriptors. */
  open(device: string, address: string): readonly number[]
  /** Closes them again; what is sent from them ends. */
  release(fds: readonly number[]): void
  /** Begins a transfer from one of `fds` at random, in windows of at most `mostBlocks`. `heard` is told how it goes, ended last. Undefined where there are too many. */
  start(fds: readonly number[], client: ClientKey, request: TftpPacket & { kind: 'read' | 'write' }, source: MoverSource, mostBlocks: number, heard: (report: MoverReport & { kind: 'started' | 'ended' }) => void): MovedTransfer | undefined
  close(): Promise<void>
}

/** One transfer, seen from outside. */
export interface MovedTransfer {
  /** `unconfirmed`: the client has not answered yet. */
  state(): 'unconfirmed' | 'moving' | 'ended'
  /** Whether the client has confirmed something new within the last second. */
  isAnswering(): boolean
  /** How much the client has. */
  sentBytes(): number
  end(): void
}

/** Starts the thread. What it reports as dropped or broken goes to `dropped` and the log. One that dies is started again; its transfers fail. */
export function startTftpMover(log: NetbootLog, dropped: (reason: (MoverReport & { kind: 'dropped' })['reason'], count: number) => void): TftpMover {
  const progress = new Float64Array(new SharedArrayBuffer(slotLimit * 8)).fill(slotState.ended)
  /** When each transfer's client last confirmed something new, in milliseconds since 1970. */
  const answeredAt = new Float64Array(new SharedArrayBuffer(slotLimit * 8))
  const waker = openWaker()
  const hearers = new Map<number, { slot: number; heard: (report: MoverReport & { kind: 'started' | 'ended' }) => void }>()
  const free = Array.from({ length: slotLimit }, (_, slot) => slot)
  let opened: (readonly number[])[] = []
  let nextId = 1
  let isClosing = false
  let worker = spawn()

  function spawn(): Worker {
    const thread = startThread('tftp-mover', import.meta.url, { waker, progress, answeredAt })
    thread.on('message', (report: MoverReport) => hear(report))
    thread.on('error', (error) => log.error({ err: error }, 'tftp.moverDied'))
    thread.once('exit', () => {
      if (isClosing) return
      for (const [id, { slot }] of Array.from(hearers)) { progress[slot] = slotState.ended; hear({ kind: 'ended', id, outcome: 'failed', why: 'the server had to begin anew', sentBytes: 0, resends: 0, roundTripMs: null }) }
      setTimeout(() => {
        if (isClosing) return
        worker = spawn()
        order({ kind: 'sockets', fds: opened.flat() })
      }, restartMs).unref()
    })
    return thread
  }
  function order(what: MoverOrder): void {
    worker.postMessage(what, [])
    wake(waker)
  }
  function hear(report: MoverReport): void {
    if (report.kind === 'dropped') return dropped(report.reason, report.count)
    if (report.kind === 'broken') return log.error({ error: report.error }, 'tftp.broken')
    const hearer = hearers.get(report.id)
    if (!hearer) return
    if (report.kind === 'ended') { hearers.delete(report.id); free.push(hearer.slot) }
    hearer.heard(report)
  }
  return {
    open(device, address) {
      const fds = Array.from({ length: portsPerNetwork }, () => openUdp(device, address, 0))
      opened.push(fds)
      order({ kind: 'sockets', fds })
      return fds
    },
    release(fds) {
      opened = opened.filter((known) => known !== fds)
      order({ kind: 'release', fds })
    },
    start(fds, client, request, source, mostBlocks, heard) {
      const slot = free.pop()
      const fd = fds[randomInt(fds.length)]
      if (slot === undefined || fd === undefined) return undefined
      const id = nextId++
      hearers.set(id, { slot, heard })
      progress[slot] = slotState.unconfirmed
      order({ kind: 'start', id, slot, fd, client, request, source, mostBlocks })
      const value = (): number => (hearers.has(id) ? (progress[slot] ?? slotState.ended) : slotState.ended)
      return {
        state: () => (value() === slotState.ended ? 'ended' : value() === slotState.unconfirmed ? 'unconfirmed' : 'moving'),
        isAnswering: () => value() >= 0 && performance.timeOrigin + performance.now() - (answeredAt[slot] ?? 0) < answeringMs,
        sentBytes: () => Math.max(0, value()),
        end: () => order({ kind: 'end', id }),
      }
    },
    async close() {
      isClosing = true
      const gone = new Promise((resolve) => worker.once('exit', resolve))
      order({ kind: 'close' })
      await gone
      closeDescriptor(waker.fd)
    },
  }
}
