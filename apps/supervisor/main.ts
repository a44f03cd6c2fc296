import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import type { EventPage, Image, Machine } from '#contract/operator-api'
import { startAppliance, type Appliance } from './appliance.ts'
import { standOn } from './interface.ts'
import { clearLabNetwork, labNames, labStanding, makeLabNetwork, type LabNames } from './lab/network.ts'
import type { Guest } from './lab/guest.ts'
import { startLab, type Lab } from './lab/lab.ts'
import { runsInstalledSystem } from './lab/shut-down.ts'
import { widenNeighbourTable } from './neighbour-table.ts'
import { ask } from './operator.ts'
import { consoleUrls, parseUp, usage, type UpOptions } from './options.ts'
import { refuseTakenPorts } from './ports.ts'
import { claimPlaces } from './run-dir.ts'

/** What only a ramdisk or an agent that runs brings about. */
const signsOfLife: ReadonlySet<string> = new Set(['inventory.posted', 'system.started', 'agent.reported', 'agent.enrolled'])

const startedAt = Date.now()
const say = (text: string): void => console.log(`[${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s] ${text}`)

async function main(): Promise<void> {
  const options = parseUp(process.argv.slice(2), process.env)
  if (typeof options === 'string') {
    console.error(options === '' ? usage : `scripts/up: ${options}\n\n${usage}`)
    process.exitCode = options === '' ? 0 : 2
    return
  }
  if (process.getuid?.() !== 0) throw new Error('run it as root: sudo scripts/up ...')
  // Programs and images are for the appliance's own users to read; what is secret has a mode of its own.
  process.umask(0o022)
  mkdirSync(options.dataDir, { recursive: true, mode: 0o711 })
  const names = options.kind === 'lab' ? labNames(options.name) : undefined
  const release = claimPlaces({ ...options, labName: names?.app })
  const stop = stopOnSignal()
  try {
    await serve(options, names, stop)
  } catch (error) {
    // What was being started when the person said stop has failed for that reason.
    if (!stop.isAsked()) throw error
  } finally {
    if (names !== undefined) await clearLabNetwork(names)
    release()
  }
  process.exit(0)
}

/** Starts the appliance, and its lab, and stops both in order when it is asked to. */
async function serve(options: UpOptions, names: LabNames | undefined, { stopped, hurry }: Stop): Promise<void> {
  if (names !== undefined && (await clearLabNetwork(names))) say('cleared the leftovers of an earlier run')
  await refuseTakenPorts(options)
  if (options.fresh) for (const part of ['lab', 'state']) rmSync(path.join(options.dataDir, part), { recursive: true, force: true })
  if (names !== undefined) await makeLabNetwork(names, options.machines)
  widenNeighbourTable(say)
  const standing = names !== undefined ? labStanding : await standOn(options, say)
  const appliance = await startAppliance(options, standing, names?.app, say)
  await Promise.race([greet(options, appliance, standing.address), stopped])
  const running: { lab?: Lab } = {}
  if (names !== undefined && options.machines === 0) writeLabFile(options.runDir, [])
  if (options.machines > 0) {
    const started = startMachines(options, appliance).then((lab) => { running.lab = lab }, (error: unknown) => say(`lab: ${String(error)}`))
    await Promise.race([started, stopped])
  }
  await stopped
  say('stopping; state and disks are kept')
  await running.lab?.stop(await busyMachines(appliance.operatorSocket), hurry)
  await appliance.stop()
}

interface Stop { readonly stopped: Promise<void>; readonly hurry: AbortSignal; isAsked(): boolean }

/** The first signal resolves `stopped`, the second aborts `hurry`; more change nothing: what is being cleared must be cleared. */
function stopOnSignal(): Stop {
  const hurry = new AbortController()
  let isStopping = false
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {
      if (isStopping) hurry.abort()
      isStopping = true
      resolve()
    })
  })
  return { stopped, hurry: hurry.signal, isAsked: () => isStopping }
}

/** MACs of the machines whose installed system may be running. */
async function busyMachines(socket: string): Promise<Set<string>> {
  const machines = ((await ask(socket, 'machines')) ?? []) as Machine[]
  return new Set(machines.filter(({ phase }) => runsInstalledSystem(phase)).map(({ mac }) => mac))
}

/** Waits until the console's origin answers and says where it is. `address`: the appliance's own on its network. */
async function greet(options: UpOptions, appliance: Appliance, address: string): Promise<void> {
  while ((await ask(appliance.operatorSocket, 'status')) === undefined) await wait(200)
  say('the appliance runs')
  console.log(`\n  console   ${consoleUrls(options, address).join('\n            ')}`)
  const passwordFile = path.join(options.dataDir, 'state', 'initial-password')
  if (existsSync(passwordFile)) console.log(`  user      admin\n  password  ${readFileSync(passwordFile, 'utf8').trim()}   (once; you choose your own at the first sign-in)`)
  if (options.kind === 'lab') console.log(`  cloud     http://127.0.0.1:${options.balancerPort}`)
  console.log('')
}

/** Waits for the ramdisk, then starts the lab's machines. */
async function startMachines(options: UpOptions, appliance: Appliance): Promise<Lab> {
  const socket = appliance.operatorSocket
  for (;;) {
    const images = (await ask(socket, 'images')) as Image[] | undefined
    // The ramdisk and its loaders: without either, no machine gets far.
    const needed = images?.filter((image) => image.kind === 'ramdisk') ?? []
    if (needed.length > 0 && needed.every((image) => image.state === 'ready')) break
    await wait(500)
  }
  const { lastSeq: before = 0 } = ((await ask(socket, 'events?limit=1')) ?? {}) as Partial<z.infer<typeof EventPage>>
  // What an earlier run left in the registry says nothing of now: only a word from the machine itself does.
  const settled = async (mac: string): Promise<boolean> => {
    const page = (await ask(socket, `machines/${mac}/events?after=${before}&limit=1000`)) as z.infer<typeof EventPage> | undefined
    return page?.events.some(({ kind }) => signsOfLife.has(kind)) ?? false
  }
  const lab = await startLab({ machines: options.machines, names: labNames(options.name), dataDir: options.dataDir, runDir: options.runDir, kernel: appliance.kernel(), settled, say })
  writeLabFile(options.runDir, lab.guests)
  return lab
}

/** Tells `systemcloud lab` which machines there are. */
function writeLabFile(runDir: string, guests: readonly Guest[]): void {
  writeFileSync(path.join(runDir, 'lab.json'), JSON.stringify({ machines: guests.map(({ index, kind, mac, uuid, serial, folder }) => ({ name: `lab-${index + 1}`, kind, mac, uuid, serial, folder })) }))
}

main().catch((error: unknown) => {
  console.error(`scripts/up: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
})
