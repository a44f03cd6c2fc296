import type { Claim } from '#contract/operator-api'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { renderAgo } from '../show/amount.ts'
import { renderTable } from '../show/table.ts'

/** `claims`, `accept CLAIM`, `reject CLAIM`: who says to be a machine that lives already, and what a person decides. */
export const addClaimVerbs: AddVerbs = (program, bind) => {
  program.command('claims').description('machines that say to be one that lives already, held for a person').action(bind(async (context) => {
    const claims = await context.api().claims()
    const { paint } = context
    const state = { held: paint.warn, accepted: paint.good, rejected: paint.dim }
    context.answer(claims, () => (claims.length === 0 ? 'No claim is held.\n' : renderTable(['CLAIM', 'STATE', 'MAC', 'CLAIMANT', 'HEARD', 'WHY'], claims.map((one) => [one.id, state[one.state](one.state), one.mac, one.hardware, renderAgo(one.lastAt, context.terminal.now()), one.why]))))
  }))
  program.command('accept').description('lets a held claim have what it claims').argument('<claim>', 'its id, as "claims" prints it').action(bind(async (context, id: string) => decide(context, id, 'accept')))
  program.command('reject').description('gives a held claim nothing, now and later').argument('<claim>', 'its id, as "claims" prints it').action(bind(async (context, id: string) => decide(context, id, 'reject')))
}

async function decide(context: Context, id: string, decision: 'accept' | 'reject'): Promise<void> {
  const api = context.api()
  const claim = (await api.claims()).find((one) => one.id === id)
  if (claim === undefined) throw new CliFailure(`there is no claim ${id}: "systemcloud claims" lists them`)
  if (decision === 'accept' && !(await context.confirm(`${claim.why}\nAccept ${claim.hardware} on ${claim.mac}? ${claim.acceptMeans}`))) throw new CliFailure('nothing was accepted')
  const decided: Claim = await api.decideClaim(id, decision)
  context.answer(decided, () => `${claim.hardware} on ${claim.mac}: ${decided.state}.\n`)
}
