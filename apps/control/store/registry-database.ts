import { NotStored } from './not-stored.ts'
import type { RegistryStores } from './registry-stores.ts'
import type { RegistryAnswer, RegistryCall } from './registry-thread.ts'
import { startStoreThread } from './thread.ts'

/** registry.db, run by a thread of its own: Prisma costs much and its commits wait for the disk. */
export interface RegistryDatabase extends RegistryStores {
  /** Why nothing can be stored now, as a sentence; null while it can. */
  trouble(): string | null
  /** Told when `trouble` changes. */
  onTrouble(listener: (trouble: string | null) => void): void
  close(): Promise<void>
}

/** Opens registry.db, which `migrate` has made. Calls reject with `NotStored` where the disk fails. */
export function openRegistry(file: string): RegistryDatabase {
  const thread = startStoreThread('registry-thread', file)
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const listeners = new Set<(trouble: string | null) => void>()
  let trouble: string | null = null
  let asked = 0

  thread.on('message', (answer: RegistryAnswer) => {
    if (answer === 'closed') return
    if ('trouble' in answer) {
      trouble = answer.trouble
      for (const listener of listeners) listener(trouble)
      return
    }
    const caller = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('value' in answer) caller?.resolve(answer.value)
    else caller?.reject('refused' in answer ? new NotStored(answer.refused) : new Error(answer.failed))
  })
  const call = (store: string, method: string, args: readonly unknown[]): Promise<unknown> => new Promise((resolve, reject) => {
    asked += 1
    waiting.set(asked, { resolve, reject })
    thread.postMessage({ id: asked, store, method, args } satisfies RegistryCall)
  })
  /** Every method of a store, sent to the thread. */
  const remote = (store: keyof RegistryStores): unknown => new Proxy({}, { get: (_, method) => (...args: readonly unknown[]) => call(store, String(method), args) })

  return {
    machines: remote('machines') as RegistryStores['machines'], people: remote('people') as RegistryStores['people'], enrolments: remote('enrolments') as RegistryStores['enrolments'],
    trouble: () => trouble,
    onTrouble: (listener) => void listeners.add(listener),
    async close() {
      const ended = new Promise<void>((resolve) => { thread.once('exit', () => resolve()) })
      thread.postMessage('close' satisfies RegistryCall)
      await ended
    },
  }
}
