import type { HotAnswer, HotRequest, HotWrite } from './hot-writer.ts'
import { NotStored } from './not-stored.ts'
import { startStoreThread } from './thread.ts'

/** Writes on their way to the writer's thread. */
export interface HotQueue {
  /** Resolves with the write's number when it is on disk; rejects with `NotStored`. */
  push(write: HotWrite): Promise<number>
  trouble(): string | null
  onTrouble(listener: (trouble: string | null) => void): void
  figures(): { commits: number; writes: number; waiting: number }
  close(): Promise<void>
}

interface Waiting { readonly write: HotWrite; resolve(number: number): void; reject(error: Error): void }

/** A lease that waits longer than this behind others is useless to its client, which has asked again. */
const mostWaiting = 100_000
const mostInBatch = 5000

/** Starts the writer of `file`. INVARIANTS: one batch is under way at a time; what comes meanwhile makes the next one, in the order asked. */
export function openHotQueue(file: string): HotQueue {
  const thread = startStoreThread('hot-writer', file)
  const listeners = new Set<(trouble: string | null) => void>()
  let waiting: Waiting[] = []
  let underWay: Waiting[] = []
  let trouble: string | null = null
  let planned = false
  let [commits, writes] = [0, 0]

  function send(): void {
    planned = false
    if (underWay.length > 0 || waiting.length === 0) return
    underWay = waiting.splice(0, mostInBatch)
    thread.postMessage({ batch: underWay.map((one) => one.write) } satisfies HotRequest)
  }
  function plan(): void {
    if (planned || underWay.length > 0) return
    planned = true
    setImmediate(send)
  }
  thread.on('message', (answer: HotAnswer) => {
    if ('trouble' in answer) {
      trouble = answer.trouble
      for (const listener of listeners) listener(trouble)
      return
    }
    const done = underWay
    underWay = []
    if ('stored' in answer) commits += 1
    for (const [index, one] of done.entries()) {
      const outcome = 'refused' in answer ? answer.refused : answer.stored[index]
      if (typeof outcome !== 'number') one.reject(new NotStored(outcome ?? 'The writer said nothing of this write.'))
      else {
        writes += 1
        one.resolve(outcome)
      }
    }
    send()
  })

  return {
    push(write) {
      if (waiting.length >= mostWaiting) return Promise.reject(new NotStored('Too many changes wait for the disk.'))
      return new Promise((resolve, reject) => {
        waiting.push({ write, resolve, reject })
        plan()
      })
    },
    trouble: () => trouble,
    onTrouble: (listener) => void listeners.add(listener),
    figures: () => ({ commits, writes, waiting: waiting.length + underWay.length }),
    async close() {
      while (waiting.length + underWay.length > 0) await new Promise((resolve) => setImmediate(resolve))
      const ended = new Promise<void>((resolve) => { thread.once('exit', () => resolve()) })
      thread.postMessage('close' satisfies HotRequest)
      await ended
    },
  }
}
