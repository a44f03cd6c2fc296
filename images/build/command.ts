import { spawn } from 'node:child_process'
import readline from 'node:readline'

/** How a command is run. `onError` gets each line it writes on its standard error. */
export interface CommandOptions { readonly env?: Readonly<Record<string, string>>; readonly onError?: (line: string) => void; readonly cwd?: string }

/** Runs a program to its end and resolves with its standard output. Rejects, with its last words, where it fails. */
export function command(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C', ...options.env }, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) })
    const out: Buffer[] = []
    const words: string[] = []
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
    readline.createInterface({ input: child.stderr }).on('line', (line) => {
      words.push(line)
      if (words.length > 8) words.shift()
      options.onError?.(line)
    })
    child.once('error', (error) => reject(new Error(`starting ${file}`, { cause: error })))
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString())
      reject(new Error(`${file} ended with ${code ?? signal}: ${words.join(' | ')}`))
    })
  })
}
