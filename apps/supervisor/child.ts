import { spawn, type ChildProcess } from 'node:child_process'
import { appendFile } from 'node:fs'
import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

/** A process that is kept running: started again whenever it ends, with a growing pause, until it is stopped. */
export interface KeptProcess {
  readonly name: string
  pid(): number | undefined
  stop(): Promise<void>
}

/** One process that is kept running: its command, its environment, and the file that its output goes to. */
export interface ProcessPlan {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly logFile: string
  /** What the process may not give others on the files that it makes; ours where it is not named. */
  readonly umask?: number
  /** Told at each end, with how it ended. */
  readonly onExit?: (how: string) => void
}

const longestPauseMs = 10_000

/**
 * Starts `plan` and keeps it running. Its output is appended to `logFile`. It leads a process group of its own: a terminal's Ctrl-C is the
 * supervisor's to hear, who ends one after the other in their order.
 */
export function keepRunning(plan: ProcessPlan): KeptProcess {
  let child: ChildProcess | undefined
  const stopping = new AbortController()
  let pauseMs = 250
  const over = loop()

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const startedAt = Date.now()
      const how = await once()
      if (stopping.signal.aborted) return
      plan.onExit?.(how)
      pauseMs = Date.now() - startedAt > 30_000 ? 250 : Math.min(pauseMs * 2, longestPauseMs)
      await wait(pauseMs)
    }
  }

  function once(): Promise<string> {
    return new Promise((resolve) => {
      // A full disk loses log lines, never a process: each write is tried by itself.
      const log = new Writable({ write: (bytes: Buffer, _, done) => appendFile(plan.logFile, bytes, { mode: 0o600 }, () => done()) })
      const ours = plan.umask === undefined ? undefined : process.umask(plan.umask)
      const started = spawn(plan.command, [...plan.args], { env: { ...process.env, ...plan.env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      if (ours !== undefined) process.umask(ours)
      child = started
      started.stdout.pipe(log, { end: false })
      started.stderr.pipe(log, { end: false })
      const end = (how: string): void => {
        child = undefined
        log.end()
        resolve(how)
      }
      started.once('error', (error) => end(error.message))
      started.once('close', (code, signal) => end(signal === null ? `exit ${code}` : `killed by ${signal}`))
    })
  }

  return {
    name: plan.name,
    pid: () => child?.pid,
    async stop() {
      stopping.abort()
      child?.kill('SIGTERM')
      const finished = await Promise.race([over.then(() => true), wait(8000, false, { ref: false })])
      if (!finished) child?.kill('SIGKILL')
    },
  }
}
