import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BootPath } from '#contract/blackbox-api'
import type { JournalEvent } from '#contract/events'
import { findBuild, readFilesManifest } from '#images/build/manifest'
import { linkLayerDuid } from '#netboot/codec/duid'
import { ControlProcess } from '../sim/control-process.ts'
import { openClient, type BootClient } from './client.ts'
import { makeGuest, type Guest, type GuestPlan } from './guest.ts'

/** The appliance of the world: at `address` on the wire, with a card of its own. */
export const appliance = { address: '10.77.0.1', mac: '02:77:00:00:00:01', duid: Buffer.from(linkLayerDuid('02:77:00:00:00:01')).toString('hex') } as const

/** What the appliance has to boot from: files by name with random bytes of that length, or what was really built for the labs. */
export interface WorldFiles { readonly loaders?: Readonly<Record<string, number>> | 'built'; readonly ramdisk?: Readonly<Record<string, number>> | 'built' }

/** A real control with its recorder in one namespace, and a switch in another, on which machines, other servers and faults are put. Needs root. */
export interface BootWorld {
  readonly control: ControlProcess
  readonly folder: string
  /** Of the switch, br0. */
  readonly wire: string
  /** A client with a card of its own on the wire. */
  client(uuid?: string): BootClient
  /** A namespace with a card on the wire that has this address; returns its name. */
  host(address: string, mac?: string): string
  /** A virtual machine on the wire, switched off. */
  guest(plan: GuestPlan): Guest
  /** Starts a program in a namespace; it is ended with the world. */
  start(space: string, argv: readonly string[]): ChildProcess
  /** The switch drops what fits these nft matches; from the appliance comes what has `iifname app0`, to it goes what has `oifname app0`. */
  disturb(...matches: string[]): void
  /** The appliance's own host drops what fits, after the recorder has heard it. */
  deafen(...matches: string[]): void
  /** Ends both. */
  calm(): void
  /** The appliance's link becomes as slow as that. */
  slow(kilobitsPerSecond: number): void
  /** Changes the network; throws with the answer where it is refused. */
  network(change: object): Promise<void>
  /** The first `count` journal lines of that kind of a machine. */
  heard(mac: string, kind: string, count?: number, seconds?: number): Promise<JournalEvent[]>
  /** Resolves when the journal has a line of that kind, of whatever machine. */
  said(kind: string, seconds?: number): Promise<void>
  /** The id of the first boot path that was learned. */
  bootPath(): Promise<string>
  ip(space: string, ...argv: string[]): void
  /** The names of all boot files. */
  readonly fileNames: readonly string[]
  close(): Promise<void>
}

/** Where the labs keep what they built. */
const labImages = process.env['SYSTEM_CLOUD_TEST_IMAGES'] ?? path.join(tmpdir(), 'system-cloud-lab-images')
let worlds = 0
const nft = (space: string, ...words: string[]): void => void execFileSync('ip', ['netns', 'exec', space, 'nft', words.join(' ')])

/** Makes the world and starts its control. */
export async function openBootWorld(files: WorldFiles, environment: Readonly<Record<string, string>> = {}): Promise<BootWorld> {
  const id = `${process.pid}-${(worlds += 1)}`
  const [server, wire] = [`sc-bts-${id}`, `sc-btw-${id}`]
  const spaces: string[] = []
  const children: ChildProcess[] = []
  const guests: Guest[] = []
  const ip = (space: string, ...argv: string[]): void => void execFileSync('ip', ['-n', space, ...argv])
  const make = (name: string): string => {
    execFileSync('ip', ['netns', 'add', name])
    spaces.push(name)
    ip(name, 'link', 'set', 'lo', 'up')
    return name
  }
  let ports = 0
  const plug = (space: string, mac: string, port = `p${(ports += 1)}`): void => {
    ip(wire, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'address', mac, 'netns', space)
    // Or clients on raw sockets see checksums that nobody has computed.
    execFileSync('ip', ['netns', 'exec', space, 'ethtool', '-K', 'eth0', 'tx', 'off'], { stdio: 'ignore' })
    ip(wire, 'link', 'set', 'dev', port, 'master', 'br0', 'up')
    ip(space, 'link', 'set', 'eth0', 'up')
  }
  const clear = (): void => { for (const space of spaces) execFileSync('ip', ['netns', 'delete', space]) }
  try {
    make(wire)
    ip(wire, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0', 'mcast_snooping', '0')
    ip(wire, 'link', 'set', 'br0', 'up')
    make(server)
    plug(server, appliance.mac, 'app0')
    ip(server, 'address', 'add', `${appliance.address}/24`, 'dev', 'eth0')
    for (const [space, family, hook] of [[wire, 'bridge', 'forward'], [server, 'inet', 'input']] as const) {
      nft(space, `add table ${family} faults`)
      nft(space, `add chain ${family} faults drops { type filter hook ${hook} priority 0 ; }`)
    }
  } catch (error) { // nobody gets this world to close it
    clear()
    throw error
  }
  const control = await ControlProcess.make({ namespace: server, interface: 'eth0', address: appliance.address, cidr: '10.77.0.0/24' })
  Object.assign(control.environment, environment)
  const fileNames = (Object.entries(files) as [string, 'built' | Record<string, number>][]).flatMap(([name, what]) => installBuild(control.home, name, what))
  const world: BootWorld = {
    control, folder: control.home, wire, ip,
    client(uuid) {
      const number = spaces.length
      const space = make(`sc-btc-${id}-${number}`)
      const mac = `52:54:00:b0:07:${number.toString(16).padStart(2, '0')}`
      plug(space, mac)
      return openClient({ space, mac, uuid: uuid ?? `5c10ad00-0000-4000-8000-${mac.replaceAll(':', '')}`, folder: control.home, machinePort: control.machinePort, applianceAddress: appliance.address })
    },
    host(address, mac = `02:77:00:00:01:${spaces.length.toString(16).padStart(2, '0')}`) {
      const space = make(`sc-bth-${id}-${spaces.length}`)
      plug(space, mac)
      ip(space, 'address', 'add', `${address}/24`, 'dev', 'eth0')
      return space
    },
    guest(plan) {
      const tap = `tap${(ports += 1)}`
      ip(wire, 'tuntap', 'add', tap, 'mode', 'tap')
      ip(wire, 'link', 'set', tap, 'master', 'br0', 'up')
      const guest = makeGuest(plan, { space: wire, tap, mac: `52:54:00:b0:08:${ports.toString(16).padStart(2, '0')}`, folder: control.home })
      guests.push(guest)
      return guest
    },
    start(space, [command = '', ...argv]) {
      const child = spawn('ip', ['netns', 'exec', space, command, ...argv], { stdio: ['ignore', 'ignore', 'inherit'] })
      children.push(child)
      return child
    },
    disturb: (...matches) => { for (const match of matches) nft(wire, `add rule bridge faults drops ${match} drop`) },
    deafen: (...matches) => { for (const match of matches) nft(server, `add rule inet faults drops ${match} drop`) },
    calm() { nft(wire, 'flush chain bridge faults drops'); nft(server, 'flush chain inet faults drops') },
    slow: (kilobits) => void execFileSync('tc', ['-n', server, 'qdisc', 'replace', 'dev', 'eth0', 'root', 'tbf', 'rate', `${kilobits}kbit`, 'burst', '32k', 'latency', '400ms']),
    async network(change) {
      const answer = await control.api('PATCH', 'networks/provisioning', change)
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.value))
    },
    async heard(mac, kind, count = 1, seconds = 60) {
      for (const end = Date.now() + seconds * 1000; ; await wait(100)) {
        const answer = await control.api('GET', `machines/${mac}/events?limit=5000`)
        const all = answer.status === 200 ? (answer.value as { events: JournalEvent[] }).events : []
        const found = all.filter((event) => event.kind === kind)
        if (found.length >= count) return found.slice(0, count)
        if (Date.now() > end) throw new Error(`no ${kind} of ${mac} within ${seconds} s; there were: ${all.map((event) => event.kind).join(' ')}`)
      }
    },
    fileNames,
    async said(kind, seconds = 60) {
      for (const end = Date.now() + seconds * 1000; ; await wait(200)) {
        const { events } = (await control.api('GET', 'events?limit=5000')).value as { events: JournalEvent[] }
        if (events.some((event) => event.kind === kind)) return
        if (Date.now() > end) throw new Error(`no ${kind} within ${seconds} s`)
      }
    },
    async bootPath() {
      for (const end = Date.now() + 60_000; ; await wait(200)) {
        const [path] = (await control.api('GET', 'boot-paths')).value as BootPath[]
        if (path !== undefined) return path.id
        if (Date.now() > end) throw new Error('no boot path was learned')
      }
    },
    async close() {
      for (const guest of guests) await guest.off()
      for (const child of children) if (child.exitCode === null) child.kill('SIGTERM')
      await control.remove()
      clear()
    },
  }
  try {
    await control.start()
    return world
  } catch (error) { // nobody gets this world to close it
    await world.close()
    throw error
  }
}

/** Puts a build where control looks for it; returns the names of its files. */
export function installBuild(home: string, id: string, what: 'built' | Readonly<Record<string, number>>): string[] {
  const images = path.join(home, 'data/images')
  mkdirSync(images, { recursive: true })
  if (what === 'built') {
    const built = findBuild(labImages, id)
    if (built === undefined) throw new Error(`there is no build of ${id} in ${labImages}: run the lab tests first`)
    execFileSync('cp', ['-r', built, images])
    return readFilesManifest(built).files.map(({ name }) => name)
  }
  const folder = path.join(images, `${id}-00000000000000aa`)
  mkdirSync(folder)
  const files = Object.entries(what).map(([name, sizeBytes]) => {
    const bytes = randomBytes(sizeBytes)
    writeFileSync(path.join(folder, name), bytes)
    chmodSync(path.join(folder, name), 0o644)
    return { name, path: name, sizeBytes, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
  writeFileSync(path.join(folder, 'files.json'), JSON.stringify({ id, hash: '00000000000000aa', builtAt: '2026-01-01T00:00:00Z', files }))
  return Object.keys(what)
}
