import { readFileSync } from 'node:fs'
import { SshKeys } from '#contract/operator-api'
import { openApi } from '../appliance/api.ts'
import { recordSession, sessionFile } from '../appliance/sessions.ts'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { renderTable } from '../show/table.ts'

/** `login`, `passwd`, `ssh-keys`: who may do what. */
export const addAccessVerbs: AddVerbs = (program, bind) => {
  program.command('login').description('signs in to an appliance elsewhere and remembers it').option('--user <name>', 'who', 'admin').action(bind(login))
  program.command('passwd').description("changes the password; root on the appliance gets a new one-time password instead").action(bind(passwd))
  const keys = program.command('ssh-keys').description("the admin's SSH keys, put on every deployed machine").action(bind(async (context) => {
    const { keys: all } = await context.api().sshKeys()
    context.answer(all, () => (all.length === 0 ? 'No key yet: add one with "systemcloud ssh-keys add ~/.ssh/id_ed25519.pub".\n' : renderTable(['NUMBER', 'TYPE', 'KEY', 'COMMENT'], all.map((key, i) => [String(i + 1), ...columns(key)]))))
  }))
  keys.command('add').description('adds the public keys of a file (- for standard input)').argument('<file>').action(bind(addKeys))
  keys.command('remove').description('removes a key by its number').argument('<number>').action(bind(async (context, word: string) => {
    const { keys: all } = await context.api().sshKeys()
    const index = Number(word) - 1
    if (all[index] === undefined) throw new CliFailure(`there is no key number ${word}: "systemcloud ssh-keys" lists them`)
    await keep(context, all.toSpliced(index, 1))
  }))
}

async function login(context: Context, options: { user: string }): Promise<void> {
  const target = context.target()
  if (target.kind === 'socket') {
    context.answer({ signedIn: true }, () => 'Root on the appliance needs no login.\n')
    return
  }
  const password = await secret(context, `Password of ${options.user} at ${target.url}: `)
  const cookie = await openApi({ ...target, token: undefined, cookie: undefined }).login(options.user, password)
  recordSession(sessionFile(context.terminal.env), target.url, cookie)
  const me = await openApi({ ...target, token: undefined, cookie }).me()
  const next = me.mustChangePassword ? 'Choose a password of your own first: systemcloud passwd\n' : ''
  context.answer({ signedIn: true, url: target.url, mustChangePassword: me.mustChangePassword }, () => `Signed in to ${target.url} as ${options.user}.\n${next}`)
}

async function passwd(context: Context): Promise<void> {
  const { terminal } = context
  if (context.target().kind === 'socket') {
    const reset = await context.api().resetPassword()
    context.answer(reset, () => `The new one-time password of ${reset.user} is\n\n  ${reset.password}\n\nEvery session is ended; choose your own at the next sign-in.\n`)
    return
  }
  // Without a terminal the lines of standard input are the old password, then the new one.
  const piped = terminal.inIsTty ? undefined : (await terminal.readAll()).split('\n')
  const next = async (question: string): Promise<string> => (piped === undefined ? secret(context, question) : (piped.shift()?.replace(/\r$/, '') ?? ''))
  const old = await next('Old password: ')
  const fresh = await next('New password: ')
  if (fresh.length < 12) throw new CliFailure('the new password needs at least 12 characters')
  if (piped === undefined && (await next('Once more: ')) !== fresh) throw new CliFailure('the two are not the same: nothing was changed')
  await context.api().setPassword(old, fresh)
  context.answer({ changed: true }, () => 'The password is changed.\n')
}

async function addKeys(context: Context, file: string): Promise<void> {
  let text: string
  try {
    text = file === '-' ? await context.terminal.readAll() : readFileSync(file, 'utf8')
  } catch (error) {
    throw wrongCall(`${file} cannot be read: ${(error as Error).message}`)
  }
  const added = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  if (added.length === 0) throw new CliFailure(`there is no key in ${file}`)
  if (text.includes('PRIVATE KEY')) throw new CliFailure(`${file} is a private key: give the file that ends in .pub`)
  const { keys } = await context.api().sshKeys()
  await keep(context, [...new Set([...keys, ...added])])
}

async function keep(context: Context, keys: string[]): Promise<void> {
  const checked = SshKeys.safeParse({ keys })
  if (!checked.success) throw new CliFailure(`a key is not ${checked.error.issues[0]?.message ?? 'valid'}`)
  const saved = await context.api().setSshKeys(keys)
  context.answer(saved.keys, () => `${saved.keys.length} kept. They reach a machine at its next deploy.\n`)
}

async function secret(context: Context, question: string): Promise<string> {
  const { terminal } = context
  const said = terminal.inIsTty ? await terminal.ask(question, true) : (await terminal.readAll()).split('\n')[0]
  if (said === undefined || said === '') throw new CliFailure('no password was given')
  return said
}

function columns(key: string): string[] {
  const [type = '', body = '', ...comment] = key.split(' ')
  return [type, `…${body.slice(-16)}`, comment.join(' ')]
}
