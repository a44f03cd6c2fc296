import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { BootPath, type BootPathPatch, Boots, diskMethods, learnedBootPath, loaderMethods, Stranger, tftpWindows } from '#contract/blackbox-api'
import { machinePath } from '../appliance/api.ts'
import type { AddVerbs, Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { renderAgo, renderBytes } from '../show/amount.ts'
import { renderBootPath } from '../show/boot-path.ts'
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
  const bootPaths = program.command('boot-paths').description('how each kind of machine boots: its loader, its TFTP window, and its way into its disk').action(bind(async (context) => {
    const paths = await context.api().read(z.array(BootPath), 'boot-paths')
    context.answer(paths, () => paths.map(renderBootPath).join('\n') || 'Nothing was learned yet: it is, from each boot of a machine that was discovered.\n')
  }))
  bootPaths.command('set').description('chooses how a kind of machine boots').argument('<id>').argument('[way]', 'the same as --disk')
    .option('--loader <way>', `how its firmware gets its loader: ${loaderMethods.join(', ')}`).option('--window <blocks>', `the most TFTP blocks before an answer: ${tftpWindows.least} to ${tftpWindows.most}, or auto`).option('--disk <way>', `the way into the disk: ${diskMethods.join(', ')}`)
    .action(bind(async (context, id: string, way: string | undefined, options: { loader?: string; window?: string; disk?: string }) => {
      const disk = options.disk ?? way
      if (disk === undefined && options.loader === undefined && options.window === undefined) throw wrongCall('say --loader, --window or --disk')
      await change(context, id, {
        ...(options.loader === undefined ? {} : { loader: oneOf(options.loader, loaderMethods, 'the loader') }), ...(options.window === undefined ? {} : { window: parseWindow(options.window) }),
        ...(disk === undefined ? {} : { disk: oneOf(disk, diskMethods, 'the way into the disk') }),
      })
    }))
  bootPaths.command('reset').description('takes back what was chosen; where nothing was, what failed is tried anew').argument('<id>').action(bind((context, id: string) => change(context, id, learnedBootPath)))
  program.command('strangers').description('network cards that asked for an address and belong to no machine').action(bind(async (context) => {
    const strangers = await context.api().read(z.array(Stranger), 'strangers')
    context.answer(strangers, () => renderTable(['MAC', 'LAST SEEN', 'RECORDED'], strangers.map((one) => [one.mac, renderAgo(one.lastSeenAt, context.terminal.now()), renderBytes(one.recordedBytes)])) || 'None.\n')
  }))
}

async function change(context: Context, id: string, patch: BootPathPatch): Promise<void> {
  const path = await context.api().change(BootPath, 'PUT', `boot-paths/${encodeURIComponent(id)}`, patch)
  context.answer(path, () => renderBootPath(path))
}

function parseWindow(text: string): number | null {
  if (text === 'auto') return null
  const blocks = Number(text)
  if (!Number.isInteger(blocks) || blocks < tftpWindows.least || blocks > tftpWindows.most) throw wrongCall(`--window takes a number from ${tftpWindows.least} to ${tftpWindows.most}, or auto, not "${text}"`)
  return blocks
}
