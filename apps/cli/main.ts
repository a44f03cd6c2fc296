import { run } from './run.ts'
import { openTerminal } from './terminal.ts'

// A reader such as `head` may leave early: that is not our failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), openTerminal())
// Keep-alive and reconnecting sockets must not hold a finished command; what was printed is flushed first.
process.stdout.write('', () => process.stderr.write('', () => process.exit()))
