import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs a command with its arguments as they are (no shell) and returns what it printed. Throws with its words where it fails. */
export async function run(command: string, ...args: string[]): Promise<string> {
  try {
    return (await execute(command, args, { maxBuffer: 16 * 1024 * 1024 })).stdout
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    throw new Error(`running ${[command, ...args].join(' ')}: ${stderr?.trim() || 'it could not be started'}`, { cause: error })
  }
}

/** Like `run`, but a failure is an ordinary answer: for questions and for clearing what may not be there. */
export async function attempt(command: string, ...args: string[]): Promise<string | undefined> {
  return run(command, ...args).catch(() => undefined)
}
