import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run } from '#cli/run'
import type { Terminal } from '#cli/terminal'
import type { ControlProcess } from './control-process.ts'

/** What a command line came to: `text` is all that it said, on both outputs. */
export interface Typed { code: number; text: string }

/** The command line as root types it on the appliance. */
export function rootTerminal(control: ControlProcess): (...argv: string[]) => Promise<Typed> {
  const runDir = path.join(control.home, 'run')
  mkdirSync(runDir, { recursive: true })
  writeFileSync(path.join(runDir, 'appliance.json'), JSON.stringify({ socket: path.join(runDir, 'operator.sock'), url: 'https://127.0.0.1:1' }))
  return (...argv) => type(argv, { env: { SYSTEM_CLOUD_RUN: runDir, HOME: control.home }, isRoot: true, input: '' })
}

/** The same as a person types it elsewhere: over HTTPS, with the appliance's CA and a home of their own. `input` is standard input. */
export function farTerminal(control: ControlProcess): (input: string, ...argv: string[]) => Promise<Typed> {
  const home = path.join(control.home, 'far')
  mkdirSync(home, { recursive: true })
  const ca = path.join(home, 'ca.pem')
  writeFileSync(ca, control.ca)
  return (input, ...argv) => type(['--url', `https://127.0.0.1:${control.operatorPort}`, '--ca', ca, ...argv], { env: { SYSTEM_CLOUD_RUN: home, HOME: home }, isRoot: false, input })
}

async function type(argv: readonly string[], person: Pick<Terminal, 'env' | 'isRoot'> & { input: string }): Promise<Typed> {
  let text = ''
  const terminal: Terminal = {
    out: (part) => { text += part }, err: (part) => { text += part }, outIsTty: false, errIsTty: false, inIsTty: false, env: person.env, isRoot: person.isRoot,
    now: () => Date.now(), ask: async () => undefined, readAll: async () => person.input, interrupted: new AbortController().signal,
  }
  return { code: await run(argv, terminal), text }
}
