import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { describeTrouble } from './not-stored.ts'
import { openRegistryClient, registryStores, type RegistryClient } from './registry-stores.ts'
import { verifyDatabase } from './verify-database.ts'

/** One call of a store's method, or the wish to end. */
export type RegistryCall = { readonly id: number; readonly store: string; readonly method: string; readonly args: readonly unknown[] } | 'close'
/** `refused`: the disk is to blame, nothing is stored. `failed`: any other error. */
export type RegistryAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly refused: string }
  | { readonly id: number; readonly failed: string }
  | { readonly trouble: string | null }
  | 'closed'

const retryMs = 1000
const reads = /^(find|load|read|list|sshKeys|revoked)/

/** The only reader and writer of registry.db. INVARIANTS: calls begin in the order asked; after a fault of the disk nothing is written until the file was verified. */
function runRegistry(port: MessagePort, file: string): void {
  let trouble: string | undefined
  let client: Promise<RegistryClient> = openRegistryClient(file)

  function fall(sentence: string): void {
    if (sentence !== trouble) port.postMessage({ trouble: sentence } satisfies RegistryAnswer)
    if (trouble === undefined) setTimeout(recover, retryMs)
    trouble = sentence
  }

  async function recover(): Promise<void> {
    try {
      // Until it is verified the old client serves what only reads: it connects again by itself.
      await (await client).$disconnect()
      verifyDatabase(file)
      client = Promise.resolve(await openRegistryClient(file))
    } catch (error) { // still in trouble: asked again in a second
      fall(describeTrouble(error).sentence)
      setTimeout(recover, retryMs)
      return
    }
    trouble = undefined
    port.postMessage({ trouble: null } satisfies RegistryAnswer)
  }

  async function call({ id, store, method, args }: Exclude<RegistryCall, 'close'>): Promise<RegistryAnswer> {
    if (trouble !== undefined && !reads.test(method)) return { id, refused: trouble }
    try {
      const stores = registryStores(await client) as unknown as Record<string, Record<string, (...args: readonly unknown[]) => Promise<unknown>>>
      const work = stores[store]?.[method]
      if (work === undefined) return { id, failed: `registry.db has no ${store}.${method}` }
      return { id, value: await work(...args) }
    } catch (error) {
      const { isDisk, sentence } = describeTrouble(error)
      if (!isDisk) return { id, failed: error instanceof Error ? error.message : String(error) }
      fall(sentence)
      return { id, refused: sentence }
    }
  }

  port.on('message', (asked: RegistryCall) => {
    if (asked !== 'close') return void call(asked).then((answer) => port.postMessage(answer))
    void client.then((open) => open.$disconnect()).finally(() => {
      port.postMessage('closed' satisfies RegistryAnswer)
      port.close()
    })
  })
}

if (parentPort !== null) runRegistry(parentPort, workerData as string)
