import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { BootPath, Boots, diskMethods, Stranger } from '#contract/blackbox-api'
import { machinePath } from '../appliance/api.ts'
import type { AddVerbs } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { renderAgo, renderBytes } from '../show/amount.ts'
import { renderBoot } from '../show/boot.ts'
import { renderTable } from '../show/table.ts'
import { oneOf } from './words.ts'

/** `boot M`, `pcap M`, `strangers`: what a machine said on the wire, and what is wrong. */
export const addBootVerbs: AddVerbs = (program, bind) => {
  program.command('boot').description('how a machine boots: each packet, file and gap, and what is wrong').argument('<machine>', 'id, name or MAC; also the MAC of a stranger')
    .option('-n, --last <count>', 'how many boots', '1').option('-a, --all', 'small talk such as ARP too')
    .action(bind(async (context, name: string, options: { last: string; all?: boolean }) => {
      const last = Number(options.last)
      if (!Number.isInteger(last) || last < 1 || last > 50) throw wrongCall(`--last takes a number from 1 to 50, not "${options.last}"`)
      const boots = await context.api().read(Boots, `${machinePath(name)}/boots?limit=${last}`)
      context.answer(boots, () => (boots.boots.length === 0 ? 'No boot of it was recorded yet.\n' : boots.boots.toReversed().map((boot) => renderBoot(boot, context.paint, options.all ?? false)).join('\n')))
    }))
  program.command('pcap').description("a machine's recorded packets as a capture file for tcpdump or Wireshark").argument('<machine>').requiredOption('-o, --out <file>', 'where to write it')
    .action(bind(async (context, name: string, options: { out: string }) => {
      const { body } = await context.api().raw({ method: 'GET', path: `${machinePath(name)}/packets.pcap` })
      try {
        writeFileSync(options.out, body, { mode: 0o600 })
      } catch (error) {
        throw new CliFailure(`${options.out} cannot be written: ${error instanceof Error ? error.message : String(error)}`, 1, error)
      }
      context.answer({ file: options.out, bytes: body.length }, () => `${options.out}: ${renderBytes(body.length)}\n`)
    }))
  const bootPaths = program.command('boot-paths').description('how each kind of machine boots: its loader, and its way into its disk').action(bind(async (context) => {
    const paths = await context.api().read(z.array(BootPath), 'boot-paths')
    context.answer(paths, () => renderTable(['ID', 'HARDWARE', 'MACHINES', 'LOADER', 'INTO THE DISK', 'WHY', 'WORKED / FAILED'], paths.map((one) => [
      one.id, `${one.manufacturer} ${one.product}, ${one.firmware}${one.secureBoot ? ', Secure Boot' : ''}`, String(one.machines.length), one.loader || '-', one.wished === 'auto' ? one.used : `${one.used} (chosen)`, one.why,
      one.disk.map(({ method, worked, failed }) => `${method} ${worked}/${failed}`).join(', '),
    ])) || 'Nothing was learned yet: it is, from each boot of a machine that was discovered.\n')
  }))
  bootPaths.command('set').description(`the way into the disk: ${diskMethods.join(', ')}`).argument('<id>').argument('<way>').action(bind(async (context, id: string, way: string) => {
    const path = await context.api().change(BootPath, 'PUT', `boot-paths/${encodeURIComponent(id)}`, { wished: oneOf(way, diskMethods, 'the way into the disk') })
    context.answer(path, () => `${path.id}: the next boot into the disk goes by ${path.used}. ${path.why}\n`)
  }))
  program.command('strangers').description('network cards that asked for an address and belong to no machine').action(bind(async (context) => {
    const strangers = await context.api().read(z.array(Stranger), 'strangers')
    context.answer(strangers, () => renderTable(['MAC', 'LAST SEEN', 'RECORDED'], strangers.map((one) => [one.mac, renderAgo(one.lastSeenAt, context.terminal.now()), renderBytes(one.recordedBytes)])) || 'None.\n')
  }))
}
