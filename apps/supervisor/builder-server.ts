import { spawn } from 'node:child_process'
import { chmodSync, chownSync, rmSync } from 'node:fs'
import net from 'node:net'
import readline from 'node:readline'
import { builds } from '#images/catalog/builds'
import type { Account } from './accounts.ts'

/** The only things that control may ask of the root helper that has the mirror. */
const buildable = new Set(builds)
/** What a machine needs until it is discovered. Other builds stand back behind machines that boot or are written meanwhile, which a host of two cores feels. */
const needsFirst = new Set(['loaders', 'ramdisk', 'leftovers'])

/**
 * Serves image builds on a Unix socket, in the host's own network namespace, as root, to `caller` alone.
 *
 * One JSON line asks (`{"build":"ramdisk"}`); lines answer: `{step,percent,detail}` while it runs, then `{"done":true,"dir":...}` or
 * `{"error":...}`. Builds run one after the other, and a caller that hangs up does not stop a build: the next one finds it cached.
 */
export function serveBuilder(plan: { socket: string; caller: Account; program: string; dataDir: string; onLine(text: string): void }): { close(): void } {
  rmSync(plan.socket, { force: true })
  const running = new Set<ReturnType<typeof spawn>>()
  // A build that was killed has left gigabytes, which may be of an image that is built no more.
  let queue: Promise<void> = build('leftovers', () => undefined)

  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const say = (line: object): void => void (socket.writable && socket.write(`${JSON.stringify(line)}\n`))
    const lines = readline.createInterface({ input: socket })
    lines.on('error', () => socket.destroy())
    lines.once('line', (line) => {
      const image = readRequest(line)
      if (image === undefined) return void socket.end(`${JSON.stringify({ error: 'ask with {"build":"IMAGE"} for a known image' })}\n`)
      say({ step: 'waiting for another build', percent: null, detail: '' })
      queue = queue.then(() => build(image, say)).finally(() => socket.end())
    })
  })

  function build(image: string, say: (line: object) => void): Promise<void> {
    return new Promise((resolve) => {
      const child = spawn('nice', ['-n', needsFirst.has(image) ? '0' : '10', process.execPath, plan.program, '--data', plan.dataDir, image], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      running.add(child)
      let last: Record<string, unknown> = {}
      let complaint = ''
      readline.createInterface({ input: child.stdout }).on('line', (text) => {
        last = parse(text) ?? last
        say(last)
        plan.onLine(`${image}: ${String(last['step'] ?? '')} ${last['percent'] === null || last['percent'] === undefined ? '' : `${Math.round(Number(last['percent']))} %`}`)
      })
      child.stderr.on('data', (text: Buffer) => { complaint = (complaint + text.toString()).slice(-4000) })
      child.once('error', (error) => { complaint = error.message })
      child.once('close', (code) => {
        running.delete(child)
        if (code !== 0) say({ error: complaint.trim().split('\n').slice(-3).join(' ') || `the build ended with ${code}` })
        else if (last['done'] !== true) say({ done: true })
        resolve()
      })
    })
  }

  server.listen(plan.socket, () => {
    chmodSync(plan.socket, 0o600)
    chownSync(plan.socket, plan.caller.uid, plan.caller.gid)
  })
  return {
    close() {
      server.close()
      // With what it has started: each build leads a process group of its own.
      for (const { pid } of running) if (pid !== undefined) endGroup(pid)
    },
  }
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended by itself meanwhile
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined // a tool printed a line of its own
    throw error
  }
}

function readRequest(line: string): string | undefined {
  const image = parse(line)?.['build']
  return typeof image === 'string' && buildable.has(image) ? image : undefined
}
