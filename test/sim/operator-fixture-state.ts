import { EventEmitter } from 'node:events'
import type { Stranger } from '#contract/blackbox-api'
import type { JournalEvent, LogLine } from '#contract/events'
import type { Network } from '#contract/network-api'
import type { App, Claim, Cloud, Image, Machine, Plan, PowerDriverInfo, Role, Transfer } from '#contract/operator-api'
import { stepTitles } from '#contract/steps'
import type { FixtureNetworks } from './operator-fixture-networks.ts'
import { deploySteps, freshSteps, makeMachine, services, type Sketch } from './operator-fixture-machines.ts'

/** All that the fixture knows. It outlives a restart of the server in front of it, as a database would. */
export class FixtureState {
  readonly bus = new EventEmitter()
  readonly machines = new Map<string, Machine>()
  readonly logs = new Map<string, LogLine[]>()
  readonly events: JournalEvent[] = []
  readonly apps: App[] = []
  transfers: Transfer[] = []
  strangers: Stranger[] = []
  readonly roles: Role[] = [
    { id: 'manager', title: 'Manager', summary: 'Runs the cloud: places apps, keeps their images, balances their load.', services: ['Swarm manager', 'Image registry', 'HAProxy'], imageId: 'debian-13' },
    { id: 'appserver', title: 'AppServer', summary: 'Runs the instances of apps.', services: ['Swarm worker'], imageId: 'debian-13' },
  ]
  /** Drivers that the console knows nothing of: it draws what they say of themselves. */
  readonly powerDrivers: PowerDriverInfo[] = [
    { id: 'manual', title: 'By hand', cannotWhy: 'nothing drives this machine’s power', options: { type: 'object', properties: {} } },
    { id: 'lab', title: 'Lab machine (QMP)', cannotWhy: '', options: { type: 'object', properties: {} } },
    { id: 'parrot', title: 'A trained parrot', cannotWhy: '', options: { type: 'object', required: ['name', 'seed'], properties: { name: { type: 'string', description: 'What it is called.' }, seed: { type: 'string', writeOnly: true }, perch: { type: 'integer', default: 3 }, mood: { enum: ['calm', 'loud'] } } } },
  ]
  readonly images: Image[] = [
    { id: 'ramdisk', title: 'Discovery ramdisk', kind: 'ramdisk', state: 'ready', step: '', percent: 100, sizeBytes: 48_200_000, hash: 'sha256:9f2c41d07be6a0', builtAt: new Date(Date.now() - 7_200_000).toISOString(), error: null },
    { id: 'debian-13', title: 'Debian 13', kind: 'os', state: 'ready', step: '', percent: 100, sizeBytes: 1_290_000_000, hash: 'sha256:04bb7a5512cf33', builtAt: new Date(Date.now() - 6_000_000).toISOString(), error: null },
    { id: 'runtime-debian-13', title: 'App runtime base', kind: 'runtime', state: 'building', step: 'Unpacking python3.13, nodejs', percent: 62, sizeBytes: null, hash: null, builtAt: null, error: null },
  ]
  /** Set by whoever starts the fixture. */
  net: FixtureNetworks | undefined
  sshKeys: string[] = []
  warnings: string[] = []
  seq = 0
  private readonly timers = new Set<ReturnType<typeof setTimeout>>()

  readonly stepMs: number

  constructor(fleet: readonly Sketch[], stepMs = 250) {
    this.stepMs = stepMs
    for (const sketch of fleet) this.add(sketch)
  }

  get networks(): Network[] { return this.net?.desk.all() ?? [] }

  /** Adds a machine, with the first lines of its life. */
  add(sketch: Sketch): Machine {
    const machine = makeMachine(this.machines.size + 1, sketch, Date.now())
    this.machines.set(machine.id, machine)
    this.record(machine.id, 'dhcp.offered', `Offered ${machine.address} to ${machine.mac}.`)
    this.record(machine.id, 'dhcp.acknowledged', `${machine.mac} took ${machine.address} for 3600 s.`, 'debug')
    this.record(machine.id, 'file.sent', `Sent ${machine.bootPath.split(', ').at(-1)} by TFTP, 98 kB in 0.4 s.`)
    for (const [index, text] of bootLines.entries()) this.say(machine.id, index < 2 ? 'netboot' : 'kernel', text)
    if (machine.inventory) this.record(machine.id, 'inventory.posted', `${machine.name} told its parts: 1 CPU, 2 GiB, ${machine.inventory.disks.length} disk.`)
    if (machine.problem) this.record(machine.id, 'step.failed', machine.problem, 'error')
    return machine
  }

  /** Writes a line of the journal and publishes it with the machine's new view. */
  record(machineId: string | null, kind: string, text: string, level: JournalEvent['level'] = 'info'): void {
    this.seq += 1
    const event: JournalEvent = { seq: this.seq, at: new Date().toISOString(), machineId, kind, level, text, data: {} }
    this.events.push(event)
    const machine = machineId === null ? undefined : this.machines.get(machineId)
    if (machine) Object.assign(machine, { lastSeq: this.seq, lastSeenAt: event.at })
    this.bus.emit('event', event)
    if (machine) this.bus.emit('machine', structuredClone(machine))
  }

  /** Writes a line of a machine's log. */
  say(machineId: string, source: LogLine['source'], text: string, level: LogLine['level'] = 'info'): void {
    const lines = this.logs.get(machineId) ?? []
    this.logs.set(machineId, lines)
    const line: LogLine = { seq: lines.length + 1, at: new Date().toISOString(), source, level, text }
    lines.push(line)
    this.bus.emit('log', { machineId, lines: [line] })
  }

  /** Somebody claims to be `machine`. */
  claim(machine: Machine): Claim {
    const at = new Date().toISOString()
    const claim: Claim = {
      id: `c${this.seq}`, machineId: machine.id, claimantId: null, kind: 'mac', mac: machine.mac, uuid: null, hardware: 'QEMU Standard PC, serial SC-LAB-77', state: 'held', firstAt: at, lastAt: at, times: 1,
      why: `Two live machines claim one network card address, ${machine.mac} (the first is ${machine.name}): turn one off or set another. The second was given nothing.`, acceptMeans: `The second becomes ${machine.name}; the first is given nothing any more.`,
    }
    Object.assign(machine, { claims: [claim], attention: claim.why })
    this.record(machine.id, 'claim.held', claim.why, 'warn')
    return claim
  }

  /** What a person decided about a claim; undefined where there is none. */
  decide(id: string, decision: 'accept' | 'reject'): Claim | undefined {
    const machine = [...this.machines.values()].find((one) => one.claims.some((claim) => claim.id === id))
    const claim = machine?.claims.find((one) => one.id === id)
    if (!machine || !claim) return undefined
    Object.assign(machine, { claims: [], attention: null })
    this.record(machine.id, `claim.${decision}ed`, `admin ${decision}ed the claim.`)
    return { ...claim, state: decision === 'accept' ? 'accepted' : 'rejected' }
  }

  /** What assigning a role would do. */
  plan(machine: Machine, role: string, wanted?: string): Plan {
    const disks = (machine.inventory?.disks ?? []).map((disk) => ({ identity: disk.serial, name: disk.name, model: disk.model, serial: disk.serial, sizeBytes: disk.sizeBytes, contents: disk.contents, refusedWhy: null }))
    const disk = disks.find(({ identity }) => identity === wanted) ?? disks[0]
    const found = this.roles.find(({ id }) => id === role)
    return {
      machineId: machine.id, machineName: machine.name, role, generation: machine.generation,
      refusals: disk ? [] : [`${machine.name} has not reported a disk. Let it boot the ramdisk first.`],
      warnings: role === 'manager' && [...this.machines.values()].some((each) => each.role === 'manager') ? ['With two managers the cloud stops when either fails. Use one or three.'] : [],
      disk: disk ? { ...disk, why: 'The smallest fast disk.', erased: machine.phase !== 'ready' } : null, disks,
      image: { id: 'debian-13', title: 'Debian 13', sizeBytes: 1_290_000_000, ready: true }, services: found?.services ?? [],
      steps: deploySteps.map((kind) => ({ kind, title: stepTitles[kind], detail: kind === 'writeImage' ? `1.29 GB to ${disk?.name ?? 'the disk'}` : '' })),
    }
  }

  /** Plays a deploy: each step takes `stepMs`, the image four times that, with bytes. */
  deploy(machine: Machine, role: string): void {
    Object.assign(machine, { generation: machine.generation + 1, steps: freshSteps(), problem: null, services: [], role: null })
    machine.intent = { ...machine.intent, generation: machine.generation, role, imageId: 'debian-13', release: false }
    this.phase(machine, 'deploying')
    this.record(machine.id, 'role.assigned', `${machine.name} is to become ${role}.`)
    this.runStep(machine, role, 0)
  }

  private runStep(machine: Machine, role: string, index: number): void {
    const step = machine.steps[index]
    if (!step) {
      Object.assign(machine, { role, services: services(role, true, new Date().toISOString()) })
      this.phase(machine, 'ready')
      this.record(machine.id, 'services.verified', `All services of ${role} answered. ${machine.name} is ready.`)
      this.bus.emit('cloud', this.cloud())
      return
    }
    Object.assign(step, { status: 'running', startedAt: new Date().toISOString() })
    if (step.kind === 'enrolAgent') this.phase(machine, 'starting')
    this.record(machine.id, 'step.started', `${stepTitles[step.kind]}.`)
    this.say(machine.id, index < 4 ? 'ramdisk' : 'agent', `${step.kind}: begins`)
    const done = () => {
      Object.assign(step, { status: 'done', finishedAt: new Date().toISOString() })
      this.record(machine.id, 'step.finished', `${stepTitles[step.kind]}: done.`, 'debug')
      this.runStep(machine, role, index + 1)
    }
    if (step.kind === 'writeImage') this.write(machine, step, 0, done)
    else this.later(this.stepMs, done)
  }

  private write(machine: Machine, step: Machine['steps'][number], part: number, done: () => void): void {
    const total = 1_290_000_000
    Object.assign(step, { bytesTotal: total, bytesDone: (total * part) / 8, bytesPerSecond: 41_200_000, detail: `Chunk ${part * 19} of 152` })
    this.bus.emit('machine', structuredClone(machine))
    this.say(machine.id, 'ramdisk', `wrote chunk ${part * 19} of 152`)
    this.later(this.stepMs / 2, part === 8 ? done : () => this.write(machine, step, part + 1, done))
  }

  /** Moves a machine to a phase. */
  phase(machine: Machine, phase: Machine['phase']): void {
    Object.assign(machine, { phase, phaseSince: new Date().toISOString() })
  }

  /** The cloud as its members are now. */
  cloud(): Cloud {
    const members = [...this.machines.values()].filter(({ role }) => role !== null).map((machine) => ({ machineId: machine.id, name: machine.name, role: machine.role ?? '', phase: machine.phase, address: machine.address, services: machine.services, swarmState: machine.phase === 'ready' ? (machine.role === 'manager' ? 'ready, leader' : 'ready, active') : 'down' }))
    return { members, apps: members.length > 0 ? this.apps : [], quorum: 'One manager: when it fails, apps run on but nothing can be changed. Three managers survive the loss of one.', loadBalancer: members.some(({ role }) => role === 'manager') ? '10.77.0.101:80' : null }
  }

  /** Runs later, unless the fixture is closed. */
  later(ms: number, act: () => void): void {
    const timer = setTimeout(() => { this.timers.delete(timer); act() }, ms)
    this.timers.add(timer)
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.bus.removeAllListeners()
  }
}

const bootLines = [
  'DHCPDISCOVER, architecture 7, iPXE 1.21.1', 'GET /boot/script 200', 'Linux version 6.12.48+deb13-amd64 (debian-kernel@lists.debian.org)', 'Command line: initrd=ramdisk console=ttyS0',
  'BIOS-provided physical RAM map:', 'tsc: Fast TSC calibration using PIT', 'Memory: 2015340K/2096600K available', 'virtio_net virtio0 eth0: renamed', 'virtio_blk virtio1: [vda] 41943040 512-byte logical blocks (21.5 GB/20.0 GiB)', '<b>markup is text</b> \u001b[31mred\u001b[0m',
]

/** A guestbook as it would run. */
export const guestbook = (machineName: string): App => ({ name: 'guestbook', version: '20261121t0412', runtime: 'python313', domain: 'guestbook.lab.test', url: 'http://guestbook.localhost:8080/', balancerUrl: 'http://127.0.0.1:8080/', state: 'serving', detail: '', instancesWanted: 2, instances: ['a1b2c3d4e5f6', 'b2c3d4e5f6a1'].map((id) => ({ id, machineName, state: 'running', error: '', since: new Date(Date.now() - 480_000).toISOString() })), seenAt: null, deployedAt: new Date(Date.now() - 500_000).toISOString(), warnings: [] })

/** Something under way to two machines of `phaseFleet`, one that waits, and two cards that belong to no machine. */
export function fillFixtureTraffic(state: FixtureState): void {
  const to = (id: string, more: Partial<Transfer>): Transfer[] => {
    const machine = state.machines.get(id)
    return machine === undefined ? [] : [{ kind: 'http', machineId: id, machineName: machine.name, mac: machine.mac, address: machine.address ?? '', file: 'image', sizeBytes: 0, sentBytes: 0, bytesPerSecond: 0, startedAt: null, position: 0, ...more }]
  }
  state.transfers = [
    ...to('m3', { file: `chunks/${'4f'.repeat(32)}`, sizeBytes: 8_388_608, sentBytes: 5_242_880, bytesPerSecond: 38_400_000 }), ...to('m4', { position: 2 }),
    ...to('m6', { kind: 'tftp', file: 'snponly.efi', sizeBytes: 286_720, sentBytes: 61_440, bytesPerSecond: 9800 }), ...to('m7', { position: 1 }),
  ]
  state.strangers = ['3c:ec:ef:12:80:9a', '00:0c:29:aa:01:02'].map((mac, index) => ({ mac, lastSeenAt: new Date(Date.now() - 90_000 * (index + 1)).toISOString(), recordedBytes: 2310 * (index + 1) }))
}
