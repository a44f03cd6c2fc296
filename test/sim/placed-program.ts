import { spawn, type ChildProcess } from 'node:child_process'

/** A program that runs in a namespace. */
export interface PlacedProgram {
  /** All that it wrote so far. */
  readonly output: () => string
  /** Resolves when it has written what fits; rejects with what it wrote. */
  wrote(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  end(): Promise<void>
}

/** Starts a program in a namespace; it goes on until it ends or is ended. */
export function startProgram(space: string, folder: string, argv: readonly string[]): PlacedProgram {
  const child: ChildProcess = spawn('ip', ['netns', 'exec', space, ...argv], { cwd: folder })
  let output = ''
  const looks = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => { output += bytes.toString(); for (const look of Array.from(looks)) look() })
  const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
  return {
    output: () => output,
    wrote: (pattern, seconds = 30) => new Promise((resolve, reject) => {
      const look = (): void => { const found = pattern.exec(output); if (found) { clearTimeout(timer); looks.delete(look); resolve(found) } }
      const timer = setTimeout(() => { looks.delete(look); reject(new Error(`${argv.join(' ')} did not write ${String(pattern)} within ${seconds} s:\n${output}`)) }, seconds * 1000)
      looks.add(look)
      look()
    }),
    signal(signal) { child.kill(signal) },
    async end() { if (child.exitCode === null && child.signalCode === null) { child.kill('SIGKILL'); await ended } },
  }
}
