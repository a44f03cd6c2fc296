import { Command, CommanderError } from 'commander'
import { Unreachable } from './appliance/transport.ts'
import { makeContext, type Bind, type GlobalOptions } from './context.ts'
import { CliFailure } from './failure.ts'
import { makePaint, wantsColour } from './show/paint.ts'
import type { Terminal } from './terminal.ts'
import { verbs } from './verbs/index.ts'

/** Runs one command line (without the program's own name). Returns the exit code: 0 done, 1 failed, 2 wrongly called. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0
  const program = new Command('systemcloud')
    .description('Turns bare machines into a running Application Cloud.')
    .option('--json', 'answer as JSON')
    .option('--yes', 'answer yes to what would be asked')
    .option('--url <url>', 'an appliance elsewhere, e.g. https://appliance.example:8443 (SYSTEM_CLOUD_URL)')
    .option('--token <token>', 'an API token instead of a login (SYSTEM_CLOUD_TOKEN)')
    .option('--ca <file>', "the appliance's CA certificate (SYSTEM_CLOUD_CA)")
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(systemcloud --help lists the verbs)')
    .exitOverride()
  const bind: Bind = (verb) => async (...args) => {
    exitCode = (await verb(makeContext(program.opts<GlobalOptions>(), terminal), ...args)) ?? 0
  }
  for (const add of verbs) add(program, bind)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, terminal, argv.includes('--json'))
  }
}

function report(error: unknown, terminal: Terminal, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (terminal.interrupted.aborted) return 1
  if (!(error instanceof CliFailure) && !(error instanceof Unreachable)) throw error
  const exitCode = error instanceof CliFailure ? error.exitCode : 1
  const paint = makePaint(wantsColour(terminal.errIsTty, terminal.env))
  terminal.err(json ? `${JSON.stringify({ error: error.message, exitCode })}\n` : `${paint.bad('systemcloud:')} ${error.message}\n`)
  return exitCode
}
