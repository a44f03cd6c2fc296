import type { AddVerbs, Context } from '../context.ts'
import { renderAgo } from '../show/amount.ts'
import { renderTable } from '../show/table.ts'

/** `tokens`, `tokens add NAME`, `tokens remove ID`: bearer tokens for programs. */
export const addTokenVerbs: AddVerbs = (program, bind) => {
  const tokens = program.command('tokens').description('bearer tokens for programs, such as Prometheus')
  tokens.command('list', { isDefault: true }).description('names them (the default)').action(bind(list))
  tokens.command('add').description('makes one and shows it once').argument('<name>', 'what it is for').action(bind(async (context, name: string) => {
    const made = await context.api().addToken(name)
    context.answer(made, () => `${made.token}\n`)
    context.note(`This is the only time that the token ${made.id} is shown. A program sends it as "Authorization: Bearer TOKEN"; systemcloud takes it with --token.\n`)
  }))
  tokens.command('remove').description('revokes one').argument('<id>', 'its id, as "tokens" prints it').action(bind(async (context, id: string) => {
    await context.api().removeToken(id)
    context.answer({ removed: id }, () => `The token ${id} is revoked.\n`)
  }))
}

async function list(context: Context): Promise<void> {
  const all = await context.api().tokens()
  context.answer(all, () => (all.length === 0 ? 'No token yet: make one with "systemcloud tokens add NAME".\n' : renderTable(['ID', 'NAME', 'MADE BY', 'MADE'], all.map((one) => [one.id, one.name, one.user, renderAgo(one.madeAt, context.terminal.now())]))))
}
