import { Worker } from 'node:worker_threads'

/**
 * Starts a module beside `from` (an `import.meta.url`) as a thread: its bundle in dist/, or its source. Node 20 does not give a thread the
 * loader of TypeScript that its process runs with, so a source brings it along.
 */
export function startThread(name: string, from: string, workerData: object): Worker {
  if (!from.endsWith('.ts')) return new Worker(new URL(`./${name}.mjs`, from), { workerData, name })
  const loader = import.meta.resolve('tsx/esm/api')
  const source = new URL(`./${name}.ts`, from).href
  return new Worker(`import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}) })`, { eval: true, execArgv: [], workerData, name })
}
