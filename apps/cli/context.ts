import type { Command } from 'commander'
import { openApi, type Api } from './appliance/api.ts'
import { findAppliance, type Target } from './appliance/find.ts'
import { readSession, sessionFile } from './appliance/sessions.ts'
import { wrongCall } from './failure.ts'
import { makePaint, wantsColour, type Paint } from './show/paint.ts'
import type { Terminal } from './terminal.ts'

/** Options that every verb knows. */
export interface GlobalOptions { readonly json?: boolean; readonly yes?: boolean; readonly url?: string; readonly token?: string; readonly ca?: string }

/** What a verb works with: the terminal, how to answer, and the appliance, looked for only when it is asked. */
export interface Context {
  readonly terminal: Terminal
  readonly paint: Paint
  readonly json: boolean
  readonly yes: boolean
  readonly runDir: string
  target(): Target
  api(): Api
  /** Prints the answer: `value` as JSON with --json, otherwise the text. */
  answer(value: unknown, text: () => string): void
  /** Says something to the person on standard error; silent with --json unless it matters to nobody else. */
  note(text: string): void
  /** Asks before what erases or interrupts; --yes answers. Returns false for no. */
  confirm(question: string): Promise<boolean>
}

/** What a verb's function gets besides its words, and returns: an exit code other than 0 where it failed. */
export type Verb<Arguments extends unknown[]> = (context: Context, ...args: Arguments) => Promise<0 | 1 | void>

/** How a verb is bound to commander: builds the context, keeps the exit code. */
export type Bind = <Arguments extends unknown[]>(verb: Verb<Arguments>) => (...args: Arguments) => Promise<void>

/** Adds verbs to the program. Every file of `verbs/` exports one. */
export type AddVerbs = (program: Command, bind: Bind) => void

/** Where the appliance on this machine writes what it is. */
const runDirectory = (env: Readonly<Record<string, string | undefined>>): string => env['SYSTEM_CLOUD_RUN'] ?? '/run/system-cloud'

/** Builds what a verb works with from the options and the environment. */
export function makeContext(options: GlobalOptions, terminal: Terminal): Context {
  const { env } = terminal
  const paint = makePaint(wantsColour(terminal.outIsTty, env))
  const json = options.json ?? false
  const yes = options.yes ?? false
  const runDir = runDirectory(env)
  const memo: { target?: Target; api?: Api } = {}
  const target = (): Target => (memo.target ??= findAppliance({
    url: options.url ?? nonEmpty(env['SYSTEM_CLOUD_URL']), token: options.token ?? nonEmpty(env['SYSTEM_CLOUD_TOKEN']), caFile: options.ca ?? nonEmpty(env['SYSTEM_CLOUD_CA']),
    runDir, isRoot: terminal.isRoot, cookieFor: (url) => readSession(sessionFile(env), url),
  }))
  return {
    terminal, paint, json, yes, runDir, target,
    api: () => (memo.api ??= openApi(target())),
    answer: (value, text) => terminal.out(json ? `${JSON.stringify(value, null, 2)}\n` : text()),
    note: (text) => terminal.err(text),
    async confirm(question) {
      if (yes) return true
      if (!terminal.inIsTty) throw wrongCall(`${question} Nobody can be asked here: add --yes to say so.`)
      const said = await terminal.ask(`${question} [y/N] `)
      return /^y(es)?$/i.test(said?.trim() ?? '')
    },
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)
