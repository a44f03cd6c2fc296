import { z } from 'zod'
import type { Cloud } from '#contract/operator-api'
import { readRunFile } from '../appliance/find.ts'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { renderAgo, renderBytes } from '../show/amount.ts'
import type { Paint } from '../show/paint.ts'
import { renderFacts, renderTable } from '../show/table.ts'
import { renderApps } from './apps.ts'

/** `images`, `cloud`, `lab`: the site around the machines. */
export const addSiteVerbs: AddVerbs = (program, bind) => {
  program.command('images').description('operating system images and the ramdisk').action(bind(async (context) => {
    const all = await context.api().images()
    const { paint } = context
    const state = (one: (typeof all)[number]): string => (one.state === 'ready' ? paint.good('ready') : one.state === 'failed' ? paint.bad('failed') : `${one.state}${one.percent === null ? '' : ` ${Math.floor(one.percent)} %`}`)
    context.answer(all, () => renderTable(['ID', 'TITLE', 'KIND', 'STATE', 'SIZE', 'BUILT', 'NOTE'], all.map((one) => [one.id, one.title, one.kind, state(one), one.sizeBytes === null ? '-' : renderBytes(one.sizeBytes), one.builtAt === null ? '-' : renderAgo(one.builtAt, context.terminal.now()), one.error ?? (one.state === 'ready' ? '' : one.step)])))
  }))
  program.command('cloud').description('the Application Cloud: members, services, apps').action(bind(async (context) => {
    const cloud = await context.api().cloud()
    context.answer(cloud, () => renderCloud(cloud, context.paint, context.terminal.now()))
  }))
  program.command('lab').description('the virtual machines of a running lab').action(bind(lab))
}

function renderCloud(cloud: Cloud, paint: Paint, now: number): string {
  const facts = renderFacts([['quorum', cloud.quorum], ['load balancer', cloud.loadBalancer ?? 'none yet']])
  const members = renderTable(['MEMBER', 'ROLE', 'PHASE', 'ADDRESS', 'SWARM', 'SERVICES'], cloud.members.map((one) => [
    one.name, one.role, paint.phase(one.phase), one.address ?? '-', one.swarmState, one.services.map((service) => (service.healthy ? paint.good(service.name) : paint.bad(`${service.name}: ${service.detail}`))).join(', '),
  ]))
  return [facts, members || 'No member yet: assign the role manager to a machine.\n', cloud.apps.length === 0 ? '' : renderApps(cloud.apps, paint, now)].filter((part) => part !== '').join('\n')
}

const LabFile = z.object({ machines: z.array(z.object({ name: z.string(), kind: z.string(), mac: z.string(), uuid: z.string(), serial: z.string(), folder: z.string() })) })

async function lab(context: Context): Promise<void> {
  const text = readRunFile(context.runDir, 'lab.json')
  if (text === undefined) throw new CliFailure('no lab is running (or its machines are not started yet): start one with "sudo scripts/up --lab"')
  const guests = LabFile.parse(JSON.parse(text)).machines
  const known = await context.api().machines()
  const rows = guests.map((guest) => ({ ...guest, machine: known.find((one) => one.macs.includes(guest.mac) || one.mac === guest.mac) }))
  context.answer(rows.map(({ machine, ...guest }) => ({ ...guest, machineId: machine?.id ?? null, phase: machine?.phase ?? null, power: machine?.power.state ?? null })), () =>
    renderTable(['GUEST', 'FIRMWARE', 'MAC', 'SERIAL', 'MACHINE', 'PHASE', 'POWER', 'CONSOLE AND DISK'], rows.map(({ machine, ...guest }) => [guest.name, guest.kind, guest.mac, guest.serial, machine?.name ?? '-', machine === undefined ? '-' : context.paint.phase(machine.phase), machine?.power.state ?? '-', guest.folder])))
}
