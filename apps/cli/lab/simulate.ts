import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Network } from '#contract/network-api'
import { isSimulated } from '#contract/simulated'
import { parseCidr, parseIpv4, renderIpv4 } from '#netboot/codec/ipv4'
import { readApplianceFile } from '../appliance/find.ts'
import type { Context } from '../context.ts'
import { CliFailure, wrongCall } from '../failure.ts'
import { count, renderBytes } from '../show/amount.ts'
import { renderFacts } from '../show/table.ts'
import { clearPlace, makePlace, simulatedDevice, simulatedSpace, type SimulatedPlace } from './stand.ts'

/** What a person asked for. `fault`: words joined by commas, `all` or `none`. */
export interface SimulateWish { readonly machines: number; readonly seed: number; readonly fault: string; readonly withinMs: number }

const faultNames = ['loss', 'duplicate', 'reorder', 'slow', 'crash', 'loop', 'late'] as const

/** The faults as they are shown to people. */
export const faultWords = `${faultNames.join(', ')}, all, none`

const networkId = 'simulated'
const networkCidr = '10.78.0.0/16'
const deafMs = 15_000
const timeoutMs = 20 * 60_000
const atOnce = 16

const Report = z.object({
  machines: z.number(), booted: z.number(), stuck: z.record(z.string(), z.number()), naks: z.number(), duplicates: z.number(), lives: z.number(), dhcpRetries: z.number(), fileRetries: z.number(),
  bytes: z.number(), seconds: z.number(), bootP50Ms: z.number(), bootP99Ms: z.number(), scriptP50Ms: z.number(), scriptP99Ms: z.number(),
})
type Report = z.infer<typeof Report>
const Line = z.object({ progress: z.object({ on: z.number(), booted: z.number(), naks: z.number() }).optional(), report: Report.optional() })

/** Runs a storm in the lab of this host and shows what came of it. Returns 1 where a machine did not boot. */
export async function simulate(context: Context, wish: SimulateWish): Promise<0 | 1> {
  const faults = parseFaults(wish.fault)
  const { lab, dataDir } = findLab(context)
  const program = path.join(import.meta.dirname, 'storm.mjs')
  if (!existsSync(program)) throw new CliFailure('the simulator is not built: run "npm run build"')
  const networks = await context.api().networks()
  const main = networks.find((one) => one.main)
  if (main === undefined) throw new CliFailure('this appliance serves no network')
  const network = networks.find((one) => one.id === networkId) ?? (await context.api().addNetwork({ id: networkId, title: 'Simulated machines', cidr: networkCidr, relayed: true, leaseSeconds: 3600 }))
  if (network.poolSize < wish.machines) throw new CliFailure(`the network of simulated machines has ${network.poolSize} addresses: simulate fewer, or give it wider ranges`)

  const place: SimulatedPlace = { lab, relayCidr: `${relayAddress(main)}/${main.cidr.split('/')[1] ?? ''}`, cidr: network.cidr }
  const { first } = parseCidr(network.cidr) ?? { first: 0 }
  await makePlace(place).catch((error: unknown) => { throw new CliFailure(error instanceof Error ? error.message : String(error), 1, error) })
  try {
    const options = { machines: wish.machines, seed: wish.seed, withinMs: wish.withinMs, faults, deafMs, device: simulatedDevice, relay: { address: renderIpv4(first + 1), server: main.address }, ca: readAuthority(dataDir), timeoutMs }
    const report = await runProgram(context, ['netns', 'exec', simulatedSpace(lab.wire), process.execPath, program, JSON.stringify(options)], wish.machines)
    context.answer(report, () => renderReport(report))
    return report.booted === report.machines ? 0 : 1
  } finally {
    await clearPlace(place)
  }
}

/** Forgets every simulated machine and removes their network. */
export async function forgetSimulated(context: Context): Promise<void> {
  findLab(context)
  const machines = (await context.api().machines()).filter(({ mac }) => isSimulated(mac))
  if (!(await context.confirm(`Forget ${count(machines.length, 'simulated machine')}?`))) throw new CliFailure('nothing was forgotten')
  const waiting = [...machines]
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let machine = waiting.pop(); machine !== undefined; machine = waiting.pop()) await context.api().forget(machine.id)
  }))
  if ((await context.api().networks()).some(({ id }) => id === networkId)) await context.api().removeNetwork(networkId, true)
  context.answer({ forgotten: machines.length }, () => `${count(machines.length, 'simulated machine')} forgotten.\n`)
}

function findLab(context: Context): { lab: SimulatedPlace['lab']; dataDir: string } {
  if (!context.terminal.isRoot || context.target().kind !== 'socket') throw new CliFailure('a storm is made on the appliance itself, by root: sudo systemcloud lab simulate ...')
  const { lab, dataDir } = readApplianceFile(context.runDir) ?? {}
  if (lab === undefined || dataDir === undefined) throw new CliFailure('this appliance serves a real network: machines are simulated only in a lab ("scripts/up --lab")')
  return { lab, dataDir }
}

function parseFaults(text: string): readonly string[] {
  if (text === 'none') return []
  if (text === 'all') return faultNames
  const words = text.split(',')
  const strange = words.find((word) => !faultNames.some((name) => name === word))
  if (strange !== undefined) throw wrongCall(`--fault takes ${faultWords}, joined by commas, not "${strange}"`)
  return words
}

/** The last address of the network that is not given out: labs have their machines in the middle. */
function relayAddress(network: Network): string {
  const { first, last } = parseCidr(network.cidr) ?? { first: 0, last: 0 }
  const isGiven = (value: number): boolean => network.ranges.some(({ from, to }) => value >= (parseIpv4(from) ?? 0) && value <= (parseIpv4(to) ?? 0)) || renderIpv4(value) === network.address || renderIpv4(value) === network.gateway
  for (let value = last - 1; value > first; value -= 1) if (!isGiven(value)) return renderIpv4(value)
  throw new CliFailure(`every address of ${network.cidr} is given out: there is none for the relay of the simulated machines`)
}

/** The certificate of the appliance's authority, which its ramdisks carry; the key in the same file stays where it is. */
function readAuthority(dataDir: string): string {
  const text = readFileSync(path.join(dataDir, 'state/ca/ca.pem'), 'utf8')
  return /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/.exec(text)?.[0] ?? ''
}

function runProgram(context: Context, argv: readonly string[], machines: number): Promise<Report> {
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = (): void => void child.kill('SIGTERM')
  context.terminal.interrupted.addEventListener('abort', stop, { once: true })
  return new Promise((resolve, reject) => {
    let report: Report | undefined
    let saidAt = 0
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = Line.parse(JSON.parse(text))
      report = line.report ?? report
      if (line.progress === undefined || (!context.terminal.errIsTty && Date.now() - saidAt < 5000)) return
      saidAt = Date.now()
      const { on, booted, naks } = line.progress
      context.note(`${context.terminal.errIsTty ? '\r' : ''}${on} of ${machines} on, ${booted} booted${naks > 0 ? `, ${naks} refused an address` : ''}${context.terminal.errIsTty ? '   ' : '\n'}`)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      context.terminal.interrupted.removeEventListener('abort', stop)
      if (context.terminal.errIsTty) context.note('\n')
      if (report === undefined) reject(new CliFailure(`the simulator ended with ${code} before it could say what came of the storm`))
      else resolve(report)
    })
  })
}

function renderReport(report: Report): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`
  const stuck = Object.entries(report.stuck).map(([stage, machines]) => `${machines} at ${stage}`).join(', ')
  return renderFacts([
    ['booted', `${report.booted} of ${report.machines}${stuck === '' ? '' : ` (${stuck})`} in ${report.seconds.toFixed(1)} s`],
    ['power-on to inventory', `half within ${seconds(report.bootP50Ms)}, 99 % within ${seconds(report.bootP99Ms)}`],
    ['boot scripts', `half within ${report.scriptP50Ms.toFixed(0)} ms, 99 % within ${report.scriptP99Ms.toFixed(0)} ms`],
    ['moved', `${renderBytes(report.bytes)} by TFTP and HTTP`],
    ['addresses', `${count(report.naks, 'refusal')}, ${report.duplicates} given twice`],
    ['faults', `${count(report.lives, 'power-on')}, ${report.dhcpRetries} DHCP messages and ${report.fileRetries} files asked for again`],
  ]) + 'Forget them with "systemcloud lab simulate --remove".\n'
}
