import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Boots } from '#contract/blackbox-api'
import type { JournalEvent } from '#contract/events'
import type { Network } from '#contract/network-api'
import type { Machine } from '#contract/operator-api'
import { decodePcap } from '#netboot/codec/pcap'
import { bootsFolder, diagnosesOf, renderRecorded, type RecordedBoots, type RecordedContext } from './fixture.ts'
import type { Scene } from './scene.ts'
import { scenes } from './scenes.ts'
import { appliance, openBootWorld, type BootWorld } from './world.ts'

/**
 * Records boots again: `npx tsx test/boots/record.ts [--at-once N] [NAME…]`, as root; without names all of them. Each is played against a real
 * control; what its own black box recorded becomes the fixture, and only where it says of the boots what the scene is meant to show.
 */
const words = process.argv.slice(2)
const atOnce = words[0] === '--at-once' ? Number(words.splice(0, 2)[1]) : 1
const wanted = words.length === 0 ? scenes : words.map((name) => scenes.find((scene) => scene.name === name) ?? fail(`there is no scene ${name}: ${scenes.map((scene) => scene.name).join(' ')}`))

function fail(text: string): never { throw new Error(text) }

const left = [...wanted]
const open = new Set<BootWorld>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { left.length = 0; void Promise.allSettled(Array.from(open, (world) => world.close())).finally(() => process.exit(130)) })

/** One world is made after the other: each bundles the programs anew. */
let making: Promise<unknown> = Promise.resolve()
function make(scene: Scene): Promise<BootWorld> {
  const made = making.then(() => openBootWorld(scene.files, scene.environment))
  making = made.catch(() => undefined)
  return made
}

async function record(scene: Scene): Promise<void> {
  const world = await make(scene)
  open.add(world)
  try {
    const mac = await scene.play(world)
    await lastHeard(world, mac, scene.lookAfterSeconds)
    const one = await take(world, scene, mac)
    const [told, read] = [await toldBy(world, mac), diagnosesOf(one)]
    const isRight = JSON.stringify(told) === JSON.stringify(read) && JSON.stringify(read) === JSON.stringify(scene.says)
    // What is not as it is meant to be is kept aside, to be looked at.
    write(isRight ? bootsFolder : path.join(tmpdir(), 'sc-boots-refused'), one)
    if (JSON.stringify(told) !== JSON.stringify(read)) throw new Error(`the appliance says ${JSON.stringify(told)}, its recording says ${JSON.stringify(read)}`)
    if (!isRight) throw new Error(`it says ${JSON.stringify(read)} and is meant to say ${JSON.stringify(scene.says)}`)
  } finally {
    open.delete(world)
    await world.close()
  }
}

function write(folder: string, { recorded, pcap }: { recorded: RecordedBoots; pcap: Uint8Array }): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, `${recorded.name}.json`), renderRecorded(recorded))
  writeFileSync(path.join(folder, `${recorded.name}.pcap`), pcap)
}

/** Waits until the machine was silent for so long. Its recorder writes each second. */
async function lastHeard(world: BootWorld, mac: string, seconds: number): Promise<void> {
  await wait(2000)
  for (;;) {
    const decoded = decodePcap(await world.control.bytes(`machines/${mac}/packets.pcap`))
    const frames = decoded.ok ? decoded.value.frames : []
    const lastMs = Math.max(frames.at(-1)?.atMs ?? 0, ...(await eventsOf(world, mac)).filter(({ kind }) => kind !== 'boot.diagnosed').map(({ at }) => Date.parse(at)))
    const leftMs = lastMs + seconds * 1000 - Date.now()
    if (leftMs <= 0) return
    await wait(leftMs + 20)
  }
}

const eventsOf = async (world: BootWorld, mac: string): Promise<JournalEvent[]> => {
  const answer = await world.control.api('GET', `machines/${mac}/events?limit=5000`)
  return answer.status === 200 ? (answer.value as { events: JournalEvent[] }).events : []
}
const toldBy = async (world: BootWorld, mac: string): Promise<string[][]> => ((await world.control.api('GET', `machines/${mac}/boots?limit=50`)).value as Boots).boots.toReversed().map(({ diagnoses }) => diagnoses.map(({ id }) => id))

async function take(world: BootWorld, scene: Scene, mac: string): Promise<{ recorded: RecordedBoots; pcap: Uint8Array }> {
  const pcap = await world.control.bytes(`machines/${mac}/packets.pcap`)
  const events = (await eventsOf(world, mac)).filter(({ kind }) => kind !== 'boot.diagnosed')
  return { pcap, recorded: { name: scene.name, about: scene.about, origin: scene.origin, macs: [mac], context: await contextOf(world, mac), events } }
}

/** Whether the appliance found nobody who gives addresses: what its journal said of that last. */
async function lacksServer(world: BootWorld): Promise<boolean> {
  const { events } = (await world.control.api('GET', 'events?limit=5000')).value as { events: JournalEvent[] }
  return events.findLast(({ kind }) => kind === 'dhcp.noServer' || kind === 'dhcp.serverFound')?.kind === 'dhcp.noServer'
}

/** What the appliance’s rules know beside the boots, as its API tells it. */
async function contextOf(world: BootWorld, mac: string): Promise<RecordedContext> {
  const [network] = (await world.control.api('GET', 'networks')).value as Network[]
  if (network === undefined) throw new Error('the appliance has no network')
  const theirs = network.addressServers.flatMap(({ address, bootFile }) => (bootFile === '' ? [] : [[address, bootFile] as const]))
  const machines = (await world.control.api('GET', 'machines')).value as Machine[]
  const machine = machines.find(({ macs }) => macs.includes(mac))
  return {
    nowMs: Date.now(), ours: [appliance.address], ownDuids: network.ipv6Prefix === '' ? [] : [appliance.duid], mode: network.mode, lacksServer: network.mode === 'proxy' && await lacksServer(world), policy: network.policy, freeAddresses: network.poolFree, files: world.fileNames,
    ...(theirs.length === 0 ? {} : { otherBootFiles: Object.fromEntries(theirs) }),
    machine: machine === undefined ? null : {
      name: machine.name, phase: machine.phase, expectsDisk: machine.phase === 'ready' || machine.phase === 'silent' || machine.phase === 'starting', memoryBytes: machine.inventory?.memoryBytes ?? null, disks: machine.inventory?.disks.length ?? null, secureBoot: machine.inventory?.secureBoot ?? null,
      twin: machine.uuid === null ? null : machines.find(({ id, uuid }) => id !== machine.id && uuid === machine.uuid)?.name ?? null,
    },
  }
}

let failed = 0
await Promise.all(Array.from({ length: atOnce }, async () => {
  for (let scene = left.shift(); scene !== undefined; scene = left.shift()) {
    const { name } = scene
    const began = Date.now()
    await record(scene).then(() => console.log(`${name}: recorded in ${Math.round((Date.now() - began) / 1000)} s`), (error: unknown) => { failed += 1; console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`) })
  }
}))
process.exit(failed === 0 ? 0 : 1)
