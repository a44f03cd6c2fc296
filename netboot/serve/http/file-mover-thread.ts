import type { ServerResponse } from 'node:http'
import type { Worker } from 'node:worker_threads'
import type { NetbootLog } from '../../site.ts'
import { sendLimit, type FileOrder, type FileReport } from './file-orders.ts'
import { startThread } from '../thread.ts'
import { closeDescriptor, copyDescriptor, descriptorOf, openWaker, wake } from '../linux/waker.ts'

/** The thread that sends files into HTTP connections, as the boot HTTP server sees it. */
export interface FileMover {
  /**
   * Sends a part of a file as the body of an answer whose head, with its length, is set but not written; then ends the answer. Undefined
   * where this connection has no descriptor or too much is under way: the answer is then untouched.
   */
  send(res: ServerResponse, status: number, part: { path: string; start: number; end: number }): MovedFile | undefined
  close(): Promise<void>
}

/** One file on its way. */
export interface MovedFile {
  sentBytes(): number
  /** Resolves, and never rejects, when all is sent or the client has gone. */
  readonly ended: Promise<{ sentBytes: number; complete: boolean }>
}

/** Starts the thread. One that dies is started again with the next file; what was under way is cut off. */
export function startFileMover(log: NetbootLog): FileMover {
  const progress = new Float64Array(new SharedArrayBuffer(sendLimit * 8))
  const waker = openWaker()
  const sends = new Map<number, (report: FileReport & { kind: 'ended' }) => void>()
  const free = Array.from({ length: sendLimit }, (_, slot) => slot)
  let nextId = 1
  let isClosing = false
  let worker: Worker | undefined

  function spawn(): Worker {
    const thread = startThread('file-mover', import.meta.url, { waker, progress })
    thread.unref()
    thread.on('message', (report: FileReport) => {
      if (report.kind === 'broken') log.error({ error: report.error }, 'http.moverBroken')
      else sends.get(report.id)?.(report)
    })
    thread.on('error', (error) => log.error({ err: error }, 'http.moverDied'))
    thread.once('exit', () => {
      worker = undefined
      if (!isClosing) for (const [id, ended] of Array.from(sends)) ended({ kind: 'ended', id, sentBytes: 0, fault: 'the server had to begin anew' })
    })
    return thread
  }
  function order(what: FileOrder): void {
    worker ??= spawn()
    worker.postMessage(what, [])
    wake(waker)
  }
  return {
    send(res, status, { path, start, end }) {
      const { socket } = res
      const fd = descriptorOf(socket)
      const slot = free.pop()
      if (!socket || fd === undefined || fd < 0 || slot === undefined) {
        if (slot !== undefined) free.push(slot)
        return undefined
      }
      const id = nextId++
      progress[slot] = 0
      res.writeHead(status)
      res.flushHeaders()
      const ended = new Promise<{ sentBytes: number; complete: boolean }>((resolve) => {
        const finish = (report: FileReport & { kind: 'ended' }): void => {
          sends.delete(id)
          free.push(slot)
          const complete = report.fault === null
          // Node counts no bytes of its own: it takes this end for the end of the body.
          if (complete) res.end()
          else res.destroy()
          resolve({ sentBytes: report.sentBytes, complete })
        }
        sends.set(id, finish)
        // Once the head is in the kernel.
        socket.write('', () => {
          if (socket.destroyed) return finish({ kind: 'ended', id, sentBytes: 0, fault: 'the client has gone' })
          order({ kind: 'send', id, slot, fd: copyDescriptor(fd), path, start, end })
          res.once('close', () => { if (sends.has(id)) order({ kind: 'drop', id }) })
        })
      })
      return { ended, sentBytes: () => (sends.has(id) ? (progress[slot] ?? 0) : 0) }
    },
    async close() {
      isClosing = true
      if (worker) {
        const gone = new Promise((resolve) => worker?.once('exit', resolve))
        order({ kind: 'close' })
        await gone
      }
      closeDescriptor(waker.fd)
    },
  }
}
