import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/**
 * Starts a module of this folder as a thread of its own: the bundle beside ours, or the source itself where nothing was built.
 * What the thread does not catch ends this process, as an error of its own would.
 */
export function startStoreThread(name: string, data: unknown): Worker {
  const source = new URL(`./${name}.ts`, import.meta.url)
  const thread = existsSync(fileURLToPath(source))
    // Node 20 knows no TypeScript, and a thread has none of its parent's loaders.
    ? new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(source.href)}) })`, { eval: true, workerData: data })
    : new Worker(new URL(`./${name}.mjs`, import.meta.url), { workerData: data })
  thread.on('error', (error) => { throw new Error(`the thread ${name} died`, { cause: error }) })
  return thread
}
