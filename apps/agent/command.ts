import { execFile } from 'node:child_process'

/** What a command left behind. `code` is null where a signal or the deadline ended it. */
export interface Finished { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs a program with an argument array; never a shell. `input` goes to its stdin: the place for secrets. Rejects only where the program cannot be started. */
export type Run = (program: string, args: readonly string[], options?: { input?: string; timeoutMs?: number }) => Promise<Finished>

/** `Run` by execFile. Output is bounded to 4 MiB, time to five minutes: starting a daemon on a slow machine takes minutes. */
export const runCommand: Run = (program, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { maxBuffer: 4 << 20, timeout: options.timeoutMs ?? 300_000, env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' } }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === 'string' && error.code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return reject(new Error(`starting ${program}`, { cause: error }))
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stdout, stderr })
    })
    child.stdin?.on('error', () => undefined) // a program that ends before reading its input is judged by its exit code
    child.stdin?.end(options.input ?? '')
  })

/** Runs and insists on exit code 0. The error quotes what the program said, never its input. */
export async function must(run: Run, program: string, args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<string> {
  const done = await run(program, args, options)
  if (done.code === 0) return done.stdout
  throw new Error(`${program} ${args.slice(0, 2).join(' ')}: ${done.code === null ? 'did not finish in time' : `exit code ${done.code}`}: ${(done.stderr || done.stdout).trim().slice(-1500)}`)
}
