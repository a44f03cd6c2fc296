import type { AddVerbs } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { oneOf } from './words.ts'

/** `power M on|off|cycle|status`. Off and cycle interrupt what runs, so they ask. */
export const addPowerVerb: AddVerbs = (program, bind) => {
  program.command('power').description('switches a machine: on, off, cycle or status').argument('<machine>').argument('<act>', 'on, off, cycle or status').action(bind(async (context, name: string, word: string) => {
    const act = oneOf(word, ['on', 'off', 'cycle', 'status'], 'what to do')
    let machine = await context.api().machine(name)
    if (act !== 'status') {
      const asks = act !== 'on' && machine.power.state !== 'off'
      if (asks && !(await context.confirm(`Power ${act} ${machine.name} (${machine.phase}${machine.role === null ? '' : `, ${machine.role}`})? What runs on it is interrupted.`))) throw new CliFailure('nothing was switched')
      machine = await context.api().power(machine.id, act)
    }
    const { power, attention } = machine
    context.answer(act === 'status' ? power : machine, () => `${machine.name}: power ${power.state}, by ${power.driver}${power.cannotWhy === '' ? '' : `; ${power.cannotWhy}`}${attention === null ? '' : `; to do: ${attention}`}\n`)
  }))
}
