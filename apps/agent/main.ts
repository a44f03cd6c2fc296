import { runCommand } from './command.ts'
import { dockerEngine } from './docker-engine.ts'
import { runAgent } from './run.ts'

/** Shown in the report; rises with every change of what the agent can do. */
const version = '0.1.0'

const stop = new AbortController()
// A task may be waiting for a slow daemon: a shutdown must not wait for it.
stop.signal.addEventListener('abort', () => setTimeout(() => process.exit(0), 2000).unref())
process.on('SIGTERM', () => stop.abort())
process.on('SIGINT', () => stop.abort())
process.on('unhandledRejection', (error) => console.error('agent: unexpected:', error))

await runAgent({
  folder: '/etc/system-cloud', version, signal: stop.signal, log: (line) => console.log(line),
  host: { root: '/', stateDir: '/var/lib/system-cloud', run: runCommand, engine: dockerEngine() },
})
process.exit(0)
