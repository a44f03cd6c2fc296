import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** All that the command line asks of the terminal, so that a test can be one. */
export interface Terminal {
  /** Answers: standard output. */
  out(text: string): void
  /** Progress, questions and errors: standard error. */
  err(text: string): void
  readonly outIsTty: boolean
  readonly errIsTty: boolean
  readonly inIsTty: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether the process is root's: the appliance's Unix socket then answers without a login. */
  readonly isRoot: boolean
  /** Milliseconds since 1970. */
  now(): number
  /** One line from the person; with `hidden` it is not echoed. Undefined at the end of input. */
  ask(question: string, hidden?: boolean): Promise<string | undefined>
  /** Everything on standard input. */
  readAll(): Promise<string>
  /** Aborts when the person presses Ctrl-C. */
  readonly interrupted: AbortSignal
}

/** The real terminal of this process. */
export function openTerminal(): Terminal {
  const interrupt = new AbortController()
  process.once('SIGINT', () => {
    interrupt.abort()
    // A request under way knows no signal: it gets a moment to end, and no more. 130 is what shells expect of Ctrl-C.
    setTimeout(() => process.exit(130), 500).unref()
  })
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTty: process.stdout.isTTY === true,
    errIsTty: process.stderr.isTTY === true,
    inIsTty: process.stdin.isTTY === true,
    env: process.env,
    isRoot: process.getuid?.() === 0,
    now: () => Date.now(),
    ask: (question, hidden = false) => askLine(question, hidden, interrupt),
    readAll: async () => {
      const parts: Buffer[] = []
      for await (const part of process.stdin) parts.push(part as Buffer)
      return Buffer.concat(parts).toString('utf8')
    },
    interrupted: interrupt.signal,
  }
}

async function askLine(question: string, hidden: boolean, interrupt: AbortController): Promise<string | undefined> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: hidden ? nowhere : process.stderr, terminal: process.stdin.isTTY === true })
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.once('line', resolve)
      lines.once('close', () => resolve(undefined))
      // In terminal mode readline swallows Ctrl-C: pass it on, or a question could not be left.
      lines.once('SIGINT', () => { interrupt.abort(); resolve(undefined) })
    })
  } finally {
    lines.close()
    if (hidden) process.stderr.write('\n')
  }
}
