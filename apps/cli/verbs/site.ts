import type { Cloud, Transfer } from '#contract/operator-api'
import type { AddVerbs } from '../context.ts'
import { renderAgo, renderBytes } from '../show/amount.ts'
import type { Paint } from '../show/paint.ts'
import { renderFacts, renderTable } from '../show/table.ts'
import { renderApps } from './apps.ts'

/** `images`, `transfers`, `cloud`: the site around the machines. */
export const addSiteVerbs: AddVerbs = (program, bind) => {
  program.command('images').description('operating system images and the ramdisk').action(bind(async (context) => {
    const all = await context.api().images()
    const { paint } = context
    const state = (one: (typeof all)[number]): string => (one.state === 'ready' ? paint.good('ready') : one.state === 'failed' ? paint.bad('failed') : `${one.state}${one.percent === null ? '' : ` ${Math.floor(one.percent)} %`}`)
    context.answer(all, () => renderTable(['ID', 'TITLE', 'KIND', 'STATE', 'SIZE', 'BUILT', 'NOTE'], all.map((one) => [one.id, one.title, one.kind, state(one), one.sizeBytes === null ? '-' : renderBytes(one.sizeBytes), one.builtAt === null ? '-' : renderAgo(one.builtAt, context.terminal.now()), one.error ?? (one.state === 'ready' ? '' : one.step)])))
  }))
  program.command('transfers').description('what machines fetch now, how fast, and who waits for an image').action(bind(async (context) => {
    const all = await context.api().transfers()
    const part = (one: Transfer): string => (one.position > 0 ? `waits, number ${one.position}` : one.sizeBytes === 0 ? 'writes' : `${renderBytes(one.sentBytes)} of ${renderBytes(one.sizeBytes)}`)
    context.answer(all, () => (all.length === 0 ? 'Nothing is under way.\n' : renderTable(['MACHINE', 'ADDRESS', 'BY', 'FILE', 'HAS', 'RATE'], all.map((one) => [one.machineName ?? one.mac ?? '-', one.address, one.kind, one.file.slice(0, 24), part(one), `${renderBytes(one.bytesPerSecond)}/s`]))))
  }))
  program.command('cloud').description('the Application Cloud: members, services, apps').action(bind(async (context) => {
    const cloud = await context.api().cloud()
    context.answer(cloud, () => renderCloud(cloud, context.paint, context.terminal.now()))
  }))
}

function renderCloud(cloud: Cloud, paint: Paint, now: number): string {
  const facts = renderFacts([['quorum', cloud.quorum], ['load balancer', cloud.loadBalancer ?? 'none yet']])
  const members = renderTable(['MEMBER', 'ROLE', 'PHASE', 'ADDRESS', 'SWARM', 'SERVICES'], cloud.members.map((one) => [
    one.name, one.role, paint.phase(one.phase), one.address ?? '-', one.swarmState, one.services.map((service) => (service.healthy ? paint.good(service.name) : paint.bad(`${service.name}: ${service.detail}`))).join(', '),
  ]))
  return [facts, members || 'No member yet: assign the role manager to a machine.\n', cloud.apps.length === 0 ? '' : renderApps(cloud.apps, paint, now)].filter((part) => part !== '').join('\n')
}
