import { rmSync } from 'node:fs'
import http from 'node:http'
import { Server } from 'socket.io'
import type { App, Machine, Plan } from '#contract/operator-api'
import type { LogLine } from '#contract/events'
import type { Phase } from '#contract/lifecycle'

/** A machine as the operator API shows it. */
export function fixtureMachine(n: number, phase: Phase = 'discovered'): Machine {
  const mac = `52:54:00:00:00:0${n}`
  return {
    id: `m${n}`, name: `node-${n}`, mac, macs: [mac], phase, role: null, generation: n, address: `10.77.0.1${n}`, uuid: null, firmware: 'uefi', bootPath: 'UEFI x64, TFTP', inventory: null,
    intent: { generation: n, role: null, imageId: null, diskSerial: null, erase: false, release: false },
    steps: [], services: [], problem: null, attention: null, power: { driver: 'lab', state: 'on', can: ['on', 'off', 'cycle'], cannotWhy: '', options: {} }, claims: [], metrics: null,
    firstSeenAt: '2026-01-01T00:00:00Z', lastSeenAt: '2026-01-01T00:00:00Z', phaseSince: '2026-01-01T00:00:00Z', phaseDeadline: null, lastSeq: 1,
  }
}

function fixturePlan(machine: Machine, role: string): Plan {
  const disk = { identity: 'SC-0001', name: 'vda', model: 'QEMU disk', serial: 'SC-0001', sizeBytes: 20e9 }
  return {
    machineId: machine.id, machineName: machine.name, role, generation: machine.generation, refusals: machine.phase === 'seen' ? ['it has not posted an inventory yet'] : [], warnings: [],
    disk: { ...disk, contents: 'an ext4 file system', why: 'smallest disk', erased: true }, disks: [{ ...disk, refusedWhy: null }],
    image: { id: 'debian-13', title: 'Debian 13', sizeBytes: 1.4e9, ready: true }, services: ['swarm'], steps: [{ kind: 'writeImage', title: 'Write the image', detail: '' }],
  }
}

/** The smallest operator API that the command line can be tried against: state in memory, one Unix socket. */
export class OperatorFixture {
  readonly machines = new Map<string, Machine>()
  readonly log: LogLine[] = []
  readonly uploads: Buffer[] = []
  readonly calls: string[] = []
  /** How many calls have their whole answer. */
  answered = 0
  apps: App[] = []
  #server: http.Server | undefined
  #io: Server | undefined
  readonly socketPath: string
  constructor(socketPath: string) {
    this.socketPath = socketPath
  }

  async start(): Promise<void> {
    rmSync(this.socketPath, { force: true })
    const server = http.createServer((request, response) => void this.#answer(request, response))
    this.#io = new Server(server)
    this.#io.on('connection', (client) => client.on('join', (message: { room: string }) => void client.join(message.room)))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve))
  }

  async stop(): Promise<void> {
    await this.#io?.close()
    this.#server?.closeAllConnections()
    rmSync(this.socketPath, { force: true })
  }

  /** How many clients hear what is told to a room. */
  listeners(room: string): number {
    return this.#io?.sockets.adapter.rooms.get(room)?.size ?? 0
  }

  /** Changes a machine and tells the room, as control does. */
  change(id: string, change: Partial<Machine>, tell = true): Machine {
    const machine = { ...this.#find(id), ...change }
    this.machines.set(machine.id, machine)
    if (tell) this.#io?.to('fleet').emit('machine', machine)
    return machine
  }

  /** A new log line of any machine. */
  append(text: string): void {
    this.log.push({ seq: this.log.length, at: '2026-01-01T00:00:00.000Z', source: 'kernel', level: 'info', text })
    this.#io?.to('machine:m1').emit('log', { machineId: 'm1', lines: this.log.slice(-1) })
  }

  #find(name: string): Machine {
    const machine = [...this.machines.values()].find((one) => [one.id, one.name, one.mac].includes(name))
    if (machine === undefined) throw Object.assign(new Error(`there is no machine "${name}": "systemcloud machines" lists them`), { status: 404 })
    return machine
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const url = new URL(request.url ?? '', 'http://localhost')
    this.calls.push(`${request.method} ${url.pathname}`)
    response.on('finish', () => { this.answered += 1 })
    const send = (status: number, value: unknown): void => void response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' }).end(value === undefined ? '' : JSON.stringify(value))
    try {
      const [status, value] = this.#route(`${request.method} ${url.pathname.replace('/api/v1/', '')}`, url.searchParams, Buffer.concat(parts))
      send(status, value)
    } catch (error) {
      const status = (error as { status?: number }).status ?? 500
      send(status, { type: 'about:blank', title: 'no', status, detail: (error as Error).message })
    }
  }

  #route(what: string, query: URLSearchParams, body: Buffer): [number, unknown] {
    const json = (): Record<string, unknown> => JSON.parse(body.toString('utf8')) as Record<string, unknown>
    if (what === 'GET machines') return [200, [...this.machines.values()]]
    if (what === 'GET apps') return [200, this.apps]
    if (what === 'POST apps') {
      this.uploads.push(body)
      const app: App = { name: 'guestbook', version: `v${this.uploads.length}`, runtime: 'python313', domain: 'guestbook.lab.test', url: 'http://guestbook.localhost:8080/', balancerUrl: 'http://127.0.0.1:8080/', state: 'building', detail: '', instancesWanted: 2, instances: [], seenAt: null, deployedAt: '2026-01-01T00:00:00Z', warnings: [] }
      return [202, app]
    }
    if (what.startsWith('GET apps/')) return [200, this.apps.find((one) => what === `GET apps/${one.name}`)]
    const [, method, name = '', act] = /^(\w+) machines\/([^/]+)(?:\/([\w-]+))?$/.exec(what) ?? []
    const machine = name === '' ? undefined : this.#find(decodeURIComponent(name))
    if (machine !== undefined && method === 'GET' && act === undefined) return [200, machine]
    if (machine !== undefined && act === 'plan') return [200, fixturePlan(machine, String(json()['role']))]
    if (machine !== undefined && act === 'role') {
      if (json()['generation'] !== machine.generation) throw Object.assign(new Error('the machine has changed since the plan was made: look at the plan again'), { status: 409 })
      return [200, this.change(machine.id, { phase: 'deploying', role: String(json()['role']), generation: machine.generation + 1 })]
    }
    if (machine !== undefined && act === 'release') return [200, this.change(machine.id, { phase: 'releasing' })]
    if (machine !== undefined && act === 'power') return [200, this.change(machine.id, { power: { ...machine.power, state: json()['act'] === 'off' ? 'off' : 'on' } })]
    if (machine !== undefined && act === 'log') {
      const after = Number(query.get('after') ?? -1)
      const lines = this.log.filter((line) => line.seq > after).slice(0, Number(query.get('limit')))
      return [200, { lines, nextSeq: (lines.at(-1)?.seq ?? after) + 1 }]
    }
    throw Object.assign(new Error(`no such address: ${what}`), { status: 404 })
  }
}
