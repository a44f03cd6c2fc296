import type { AddVerbs } from '../context.ts'
import { count, renderAgo } from '../show/amount.ts'
import { renderMachine, renderMachines } from '../show/machine.ts'
import { renderFacts, renderTable } from '../show/table.ts'
import { phases } from '#contract/lifecycle'
import type { Status } from '#contract/operator-api'
import type { Paint } from '../show/paint.ts'

/** `status`, `machines`, `machine M`, `roles`: what there is. */
export const addFleetVerbs: AddVerbs = (program, bind) => {
  program.command('status').description('the appliance at a glance').action(bind(async (context) => {
    const status = await context.api().status()
    context.answer(status, () => renderStatus(status, context.paint, context.terminal.now()))
  }))
  program.command('machines').description('all machines').action(bind(async (context) => {
    const machines = await context.api().machines()
    context.answer(machines, () => renderMachines(machines, context.paint, context.terminal.now()))
  }))
  program.command('machine').description('one machine in full').argument('<machine>', 'id, name or MAC').action(bind(async (context, name: string) => {
    const machine = await context.api().machine(name)
    context.answer(machine, () => renderMachine(machine, context.paint, context.terminal.now()))
  }))
  program.command('roles').description('what a machine can become').action(bind(async (context) => {
    const roles = await context.api().roles()
    context.answer(roles, () => renderTable(['ID', 'TITLE', 'SERVICES', 'SUMMARY'], roles.map((role) => [role.id, role.title, role.services.join(', '), role.summary])))
  }))
}

function renderStatus(status: Status, paint: Paint, now: number): string {
  const fleet = phases.filter((phase) => (status.machines[phase] ?? 0) > 0).map((phase) => `${status.machines[phase]} ${paint.phase(phase)}`)
  const images = status.images.map((image) => `${image.id} ${image.state === 'ready' ? paint.good('ready') : image.state === 'failed' ? paint.bad('failed') : `${image.state}${image.percent === null ? '' : ` ${Math.floor(image.percent)} %`}`}`)
  const networks = status.networks.map((one) => `${one.cidr} on ${one.interface} (${one.mode}, ${one.policy}, ${count(one.leasesActive, 'lease')})`)
  const facts = renderFacts([['version', status.version], ['up since', renderAgo(status.startedAt, now)], ['machines', fleet.join(', ') || 'none yet'], ['networks', networks.join('; ')], ['images', images.join(', ')], ['signed in', status.me.name]])
  const warnings = [...status.warnings, ...(status.me.mustChangePassword ? ['the one-time password is still in use: run "systemcloud passwd"'] : [])]
  return facts + warnings.map((warning) => `${paint.warn(`warning: ${warning}`)}\n`).join('')
}
