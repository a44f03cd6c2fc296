import type { Machine, Plan } from '#contract/operator-api'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { count } from '../show/amount.ts'
import { renderMachines } from '../show/machine.ts'
import { renderPlan, renderRelease } from '../show/plan.ts'
import { distinct, splitLast } from './words.ts'

/** `assign`, `plan`, `release`, `retry`, `rename`, `forget`: what changes a machine's life. */
export const addLifeVerbs: AddVerbs = (program, bind) => {
  program.command('assign').description('gives machines a role: shows the plan, asks, then deploys').usage('<machine...> <role>').argument('<words...>', 'machines, then the role')
    .option('--disk <identity>', 'the disk to install to, as the plan names it').action(bind(assign))
  program.command('plan').description('what an assignment would do').usage('<machine...> <role>').argument('<words...>', 'machines, then the role')
    .option('--disk <identity>', 'the disk to install to').action(bind(plan))
  program.command('release').description('takes machines out of their role').argument('<machine...>', 'ids, names or MACs').option('--erase', 'also erase their disks').action(bind(release))
  program.command('retry').description('goes on from the step that failed').argument('<machine...>', 'ids, names or MACs').action(bind(async (context, names: string[]) => each(context, names, (name) => context.api().retry(name))))
  program.command('rename').description('gives a machine another host name').argument('<machine>').argument('<name>').action(bind(async (context, machine: string, name: string) => each(context, [machine], () => context.api().rename(machine, name))))
  program.command('forget').description('removes a machine from the list').argument('<machine>').action(bind(forget))
}

async function plan(context: Context, words: string[], options: { disk?: string }): Promise<0 | 1> {
  const { machines, last: role } = splitLast(words, 'role')
  const plans = await Promise.all(machines.map((machine) => context.api().plan(machine, role, options.disk)))
  context.answer(plans, () => plans.map((one) => renderPlan(one, context.paint)).join('\n'))
  return plans.some((one) => one.refusals.length > 0) ? 1 : 0
}

async function assign(context: Context, words: string[], options: { disk?: string }): Promise<0 | 1> {
  const { machines, last: role } = splitLast(words, 'role')
  const plans = await Promise.all(machines.map((machine) => context.api().plan(machine, role, options.disk)))
  for (const one of plans) context.note(renderPlan(one, context.paint))
  const refused = plans.filter((one) => one.refusals.length > 0)
  if (refused.length > 0) throw new CliFailure(`nothing was assigned: ${refused.map(refusal).join('; ')}`)
  if (!(await context.confirm(question(plans)))) throw new CliFailure('nothing was assigned')
  // Ids and not names: a machine renamed since the plan is still the one that was shown.
  return each(context, plans.map((one) => one.machineId), (id) => {
    const shown = plans.find((one) => one.machineId === id)
    return context.api().assign(id, role, shown?.generation ?? 0, options.disk)
  })
}

async function release(context: Context, names: string[], options: { erase?: boolean }): Promise<0 | 1> {
  const erase = options.erase ?? false
  const machines = await Promise.all(distinct(names).map((name) => context.api().machine(name)))
  context.note(renderRelease(machines, erase, context.paint))
  if (!(await context.confirm(`Release ${count(machines.length, 'machine')}${erase ? ' and erase what is on the disks' : ''}?`))) throw new CliFailure('nothing was released')
  return each(context, machines.map((machine) => machine.id), (id) => context.api().release(id, erase))
}

async function forget(context: Context, name: string): Promise<void> {
  const machine = await context.api().machine(name)
  if (!(await context.confirm(`Forget ${machine.name} (${machine.mac})? It comes back when it boots from the network again.`))) throw new CliFailure('nothing was forgotten')
  await context.api().forget(machine.id)
  context.answer({ forgotten: machine.id }, () => `${machine.name} is forgotten.\n`)
}

/** Does `act` to all machines at once, shows those where it worked and names the others. Returns 1 where one refused. */
async function each(context: Context, machines: readonly string[], act: (machine: string) => Promise<Machine>): Promise<0 | 1> {
  const outcomes = await Promise.allSettled(distinct(machines).map((machine) => act(machine)))
  const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const faults = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  if (done.length === 0 && faults.length > 0) throw faults[0]
  context.answer(done, () => renderMachines(done, context.paint, context.terminal.now()))
  for (const fault of faults) context.note(`${context.paint.bad('systemcloud:')} ${fault instanceof Error ? fault.message : String(fault)}\n`)
  return faults.length > 0 ? 1 : 0
}

const refusal = (plan: Plan): string => `${plan.machineName}: ${plan.refusals.join(', ')}`

function question(plans: readonly Plan[]): string {
  const erased = plans.filter((plan) => plan.disk?.erased === true).length
  return `Go on with ${count(plans.length, 'machine')}${erased > 0 ? `, ERASING ${count(erased, 'disk')}` : ''}?`
}
