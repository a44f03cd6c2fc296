import { z } from 'zod'
import { readRunFile } from '../appliance/find.ts'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { faultWords, forgetSimulated, simulate } from '../lab/simulate.ts'
import { renderTable } from '../show/table.ts'
import { parseSeconds } from './words.ts'

/** `lab`: the virtual machines of a running lab, and storms of simulated ones. */
export const addLabVerbs: AddVerbs = (program, bind) => {
  const labVerb = program.command('lab').description('the virtual machines of a running lab').action(bind(lab))
  labVerb.command('simulate').description('powers on simulated machines in the lab, all at once: watch them in the console').argument('[machines]', 'how many')
    .option('--seed <n>', 'the same number makes the same storm', '1').option('--fault <names>', `what goes wrong with every fifth machine: ${faultWords}`, 'none').option('--within <seconds>', 'all are powered on within this time', '10')
    .option('--remove', 'forgets all simulated machines and their network').action(bind(async (context, machines: string | undefined, options: { seed: string; fault: string; within: string; remove?: boolean }) => {
      if (options.remove === true) return forgetSimulated(context)
      if (machines === undefined) throw wrongCall('say how many machines, or --remove')
      return simulate(context, { machines: wholeNumber(machines, 'the number of machines', 1, 10_000), seed: wholeNumber(options.seed, '--seed', 0, 2 ** 31), fault: options.fault, withinMs: parseSeconds(options.within, '--within') * 1000 })
    }))
}

function wholeNumber(text: string, what: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) throw wrongCall(`${what} is a whole number from ${least} to ${most}, not "${text}"`)
  return value
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
