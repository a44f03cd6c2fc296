import { execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { widenNeighbourTable } from '../../apps/supervisor/neighbour-table.ts'
import { openCpuGroup, type CpuMeter } from './cpu.ts'

const execute = promisify(execFile)

/** A server to measure: its command line, and the port that it listens on once it is ready. */
export interface ServerPlan {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly listens: { readonly protocol: 'udp' | 'tcp'; readonly port: number }
}

/** A running server. */
export interface Server {
  readonly cpu: CpuMeter
  readonly pid: number
  /** Asks it to end, and ends it after two seconds. */
  stop(): Promise<void>
  /** kill -9, as a power cut would. */
  kill(): Promise<void>
}

/** Two network namespaces joined by a cable: servers at 10.77.0.1 in one, clients in the other. Each side has a core of its own where there are two. */
export interface World {
  readonly folder: string
  readonly clientSpace: string
  readonly serverSpace: string
  /** A folder for one server's state, emptied. */
  scratch(name: string): string
  start(name: string, plan: ServerPlan): Promise<Server>
  /** Runs one of our clients (`clients/NAME.ts`, built) and resolves to the JSON of its last line. */
  client<T>(name: string, options: object, seconds?: number): Promise<T>
  /** Starts a client that goes on until its input ends. */
  open<T>(name: string, options: object): { finish(): Promise<T>; kill(): void }
  close(): Promise<void>
}

/** The address of every server, on a /15: room for 100,000 leases. */
export const serverAddress = '10.77.0.1'
export const cableCidr = '10.76.0.0/15'
/** Clients may speak from any address up to 10.77.2.255: 64 of them at once are 64 machines. */
export const clientAddress = (index: number): string => `10.77.${1 + (index >> 8)}.${index & 0xff}`

/** Makes the world. Needs root. `built` is the folder of our bundled programs. */
export async function openWorld(built: string): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sc-bench-'))
  const [serverSpace, clientSpace] = [`sc-bs-${process.pid}`, `sc-bc-${process.pid}`]
  const ip = (...argv: string[]): Promise<unknown> => execute('ip', argv)
  const [serverCore, clientCore] = availableParallelism() > 1 ? ['0', '1'] : ['0', '0']
  const running = new Set<Server>()
  // As scripts/up does for the appliance; the peers have it too.
  widenNeighbourTable(console.log)
  for (const space of [serverSpace, clientSpace]) await ip('netns', 'add', space)
  await ip('-n', serverSpace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', clientSpace)
  await ip('-n', serverSpace, 'address', 'add', `${serverAddress}/15`, 'broadcast', '+', 'dev', 'eth0')
  await ip('-n', clientSpace, 'address', 'add', '10.77.0.2/15', 'broadcast', '+', 'dev', 'eth0')
  for (const space of [serverSpace, clientSpace]) {
    await ip('-n', space, 'link', 'set', 'lo', 'up')
    await ip('-n', space, 'link', 'set', 'eth0', 'up')
    // Without it a veth leaves UDP checksums undone, and servers on raw sockets refuse the packets.
    await execute('ip', ['netns', 'exec', space, 'ethtool', '-K', 'eth0', 'tx', 'off'])
  }
  // Broadcasts to 255.255.255.255 want a route; every address of 10.77.1.0/24 and 10.77.2.0/24 is a client's own.
  await ip('-n', clientSpace, 'route', 'add', 'default', 'dev', 'eth0')
  for (const net of ['10.77.1.0/24', '10.77.2.0/24']) await ip('-n', clientSpace, 'route', 'add', 'local', net, 'dev', 'lo')

  const inside = (space: string, core: string, argv: readonly string[]): string[] => ['ip', 'netns', 'exec', space, 'taskset', '-c', core, ...argv]
  const clients = openCpuGroup(`sc-bench-${process.pid}-clients`)
  const clientArgv = (name: string, options: object): [string, string[]] => command(clients.launch(inside(clientSpace, clientCore, [process.execPath, path.join(built, `${name}.mjs`), JSON.stringify({ server: serverAddress, ...options })])))
  let serial = 0

  async function start(name: string, plan: ServerPlan): Promise<Server> {
    const log = path.join(folder, `${name}.log`)
    const output = openSync(log, 'w')
    const group = openCpuGroup(`sc-bench-${process.pid}-${(serial += 1)}`)
    const child = spawn(...command(group.launch(inside(serverSpace, serverCore, plan.argv))), { env: { ...process.env, ...plan.env }, stdio: ['ignore', output, output] })
    closeSync(output)
    const { pid } = child
    if (pid === undefined) throw new Error(`${name} could not be started`)
    const cpu = group.meter(pid)
    const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      for (const one of cpu.pids()) signalTo(one, signal)
      await Promise.race([ended, wait(2000)])
      for (let left = cpu.pids(); left.length > 0; left = cpu.pids()) {
        for (const one of left) signalTo(one, 'SIGKILL')
        await wait(10)
      }
      group.remove()
      running.delete(server)
    }
    const server: Server = { cpu, pid, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
    running.add(server)
    for (const until = Date.now() + 20_000; !listens(pid, plan.listens); await wait(10)) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) throw new Error(`${name} did not start: ${readFileSync(log, 'utf8').slice(-2000)}`)
    }
    await wait(100)
    return server
  }

  return {
    folder, clientSpace, serverSpace, start,
    scratch(name) {
      const place = path.join(folder, name)
      rmSync(place, { recursive: true, force: true })
      mkdirSync(place)
      return place
    },
    async client<T>(name: string, options: object, seconds = 120): Promise<T> {
      const { stdout } = await execute(...clientArgv(name, options), { timeout: seconds * 1000, maxBuffer: 64 * 1024 * 1024 })
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T
    },
    open<T>(name: string, options: object) {
      const child = spawn(...clientArgv(name, options), { stdio: ['pipe', 'pipe', 'inherit'] })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (part: string) => { text += part })
      const ended = new Promise<void>((resolve) => { child.once('close', () => resolve()) })
      return {
        async finish() {
          child.stdin.end()
          await ended
          return JSON.parse(text.trim().split('\n').at(-1) ?? '') as T
        },
        kill: () => void child.kill('SIGKILL'),
      }
    },
    async close() {
      for (const server of running) await server.kill()
      clients.remove()
      for (const space of [serverSpace, clientSpace]) await ip('netns', 'del', space)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const command = (argv: readonly string[]): [string, string[]] => [argv[0] ?? '', argv.slice(1)]

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended by itself meanwhile
  }
}

/** Whether anything in the process's network namespace is bound to the port. @see proc(5), /proc/net/udp and tcp: state 0A is "listening" */
function listens(pid: number, { protocol, port }: ServerPlan['listens']): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const state = protocol === 'tcp' ? '0A' : '07'
  const table = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/net/${name}`, 'utf8')
    } catch (error) {
      if (['ENOENT', 'ESRCH', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) return '' // it has just ended: the caller sees that
      throw error
    }
  }
  return [protocol, `${protocol}6`].some((name) => new RegExp(`:${hex} [0-9A-F]+:[0-9A-F]{4} ${state} `).test(table(name)))
}
