import pino from 'pino'
import { startControl } from './control.ts'
import { readConfig } from './config.ts'
import { waitForRoom } from './waiting-room.ts'

const config = readConfig(process.env, import.meta.dirname)
process.umask(0o077)
const log = pino({ level: config.logLevel })
// Whoever started us starts us again; half-broken is worse than a second of absence, and every state survives it.
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'control.died')
  process.exit(1)
})
await waitForRoom(config, log)
const control = await startControl(config, log)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void control.close().finally(() => process.exit(0)))
