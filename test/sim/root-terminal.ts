import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run } from '#cli/run'
import type { Terminal } from '#cli/terminal'
import type { ControlProcess } from './control-process.ts'

/** The command line as root types it on the appliance: `text` is all that it said. */
export function rootTerminal(control: ControlProcess): (...argv: string[]) => Promise<{ code: number; text: string }> {
  const runDir = path.join(control.home, 'run')
  mkdirSync(runDir, { recursive: true })
  writeFileSync(path.join(runDir, 'appliance.json'), JSON.stringify({ socket: path.join(runDir, 'operator.sock'), url: 'https://127.0.0.1:1' }))
  return async (...argv) => {
    let text = ''
    const terminal: Terminal = {
      out: (part) => { text += part }, err: (part) => { text += part }, outIsTty: false, errIsTty: false, inIsTty: false, env: { SYSTEM_CLOUD_RUN: runDir, HOME: control.home }, isRoot: true,
      now: () => Date.now(), ask: async () => undefined, readAll: async () => '', interrupted: new AbortController().signal,
    }
    return { code: await run(argv, terminal), text }
  }
}
