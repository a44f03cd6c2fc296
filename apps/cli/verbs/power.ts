import { explainOption, optionFields, parseOptions } from '#contract/options-form'
import type { Machine, PowerDriverInfo } from '#contract/operator-api'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { renderTable } from '../show/table.ts'
import { oneOf } from './words.ts'

/** `power M on|off|cycle|status`, `power M set DRIVER [key=value…]`, `power-drivers`. Off and cycle interrupt what runs, so they ask. */
export const addPowerVerb: AddVerbs = (program, bind) => {
  program.command('power').description('switches a machine, or says how it is switched: power M set DRIVER [key=value...]').usage('<machine> on|off|cycle|status\n       systemcloud power <machine> set <driver> [key=value...]')
    .argument('<machine>').argument('<act>', 'on, off, cycle, status or set').argument('[words...]', 'with set: the driver and its options')
    .action(bind(async (context, name: string, word: string, words: string[]) => {
      const act = oneOf(word, ['on', 'off', 'cycle', 'status', 'set'], 'what to do')
      if (act === 'set') return configure(context, name, words)
      if (words.length > 0) throw wrongCall(`"power ${act}" takes nothing more`)
      let machine = await context.api().machine(name)
      if (act !== 'status') {
        const asks = act !== 'on' && machine.power.state !== 'off'
        if (asks && !(await context.confirm(`Power ${act} ${machine.name} (${machine.phase}${machine.role === null ? '' : `, ${machine.role}`})? What runs on it is interrupted.`))) throw new CliFailure('nothing was switched')
        machine = await context.api().power(machine.id, act)
      }
      context.answer(act === 'status' ? machine.power : machine, () => renderPower(machine))
    }))
  program.command('power-drivers').description('ways to switch machines, and what each must be told').action(bind(async (context) => {
    const drivers = await context.api().powerDrivers()
    context.answer(drivers, () => renderTable(['DRIVER', 'TITLE', 'OPTIONS'], drivers.map((one) => [one.id, one.title, describeOptions(one)])))
  }))
}

async function configure(context: Context, name: string, words: readonly string[]): Promise<void> {
  const api = context.api()
  const [driverId, ...pairs] = words
  if (driverId === undefined) throw wrongCall('say the driver: power M set DRIVER [key=value...]')
  const typed: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) throw wrongCall(`an option is written key=value, not "${pair}"`)
    typed[pair.slice(0, at)] = pair.slice(at + 1)
  }
  const [drivers, machine] = await Promise.all([api.powerDrivers(), api.machine(name)])
  const driver = drivers.find((one) => one.id === driverId)
  if (driver === undefined) throw new CliFailure(`there is no power driver ${driverId}: "systemcloud power-drivers" lists ${drivers.map((one) => one.id).join(', ')}`)
  const fields = optionFields(driver.options)
  const kept = machine.power.driver === driverId
  // A secret in the argument list is seen by everybody on the machine: it is asked for.
  for (const field of fields) if (field.secret && field.required && !kept && typed[field.name] === undefined && context.terminal.inIsTty) typed[field.name] = (await context.terminal.ask(`${field.title}: `, true)) ?? ''
  const options = parseOptions(fields, typed, kept)
  if (!options.ok) throw wrongCall(explainOption(options.fault))
  const changed = await api.setPowerDriver(machine.id, driverId, options.value)
  context.answer(changed, () => renderPower(changed))
}

const renderPower = ({ name, power, attention }: Machine): string => `${name}: power ${power.state}, by ${power.driver}${power.cannotWhy === '' ? '' : `; ${power.cannotWhy}`}${attention === null ? '' : `; to do: ${attention}`}\n`

function describeOptions(driver: PowerDriverInfo): string {
  const fields = optionFields(driver.options)
  if (fields.length === 0) return 'none'
  return fields.map((field) => {
    const value = field.kind === 'choice' ? field.choices.join('|') : field.secret ? 'SECRET' : field.kind === 'text' ? '...' : field.kind
    return field.required ? `${field.name}=${value}` : `[${field.name}=${field.initial || value}]`
  }).join(' ')
}
