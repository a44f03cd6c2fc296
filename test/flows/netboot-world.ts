import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { BootEvent, NetworkView } from '#netboot/site'
import { testNetwork } from '../sim/memory-site.ts'
import { startProgram, type PlacedProgram } from '../sim/placed-program.ts'

/** Two network namespaces joined by a cable: netboot in one, clients in the other. Needs root. */
export interface NetbootWorld {
  readonly folder: string
  /** Name of the namespace in which the clients are; their end of the cable is eth0. */
  readonly clientSpace: string
  readonly events: BootEvent[]
  /** Runs a program in the namespace of netboot to its end; what it wrote. */
  server(...argv: string[]): string
  /** Runs a program among the clients and resolves to its exit code and output; `seconds` later it is ended. */
  client(argv: readonly string[], options?: { seconds?: number; input?: Uint8Array }): Promise<{ code: number | null; output: string }>
  /** Starts a program among the clients that goes on until it is ended, with the world at the latest. */
  start(...argv: string[]): PlacedProgram
  /** Changes the site, as `test/sim/netboot-process` says. */
  change(what: object): Promise<void>
  /** The first event that fits, past or to come within 15 seconds, or as many as are given. */
  event<K extends BootEvent['kind']>(kind: K, fits?: (event: BootEvent & { kind: K }) => boolean, seconds?: number): Promise<BootEvent & { kind: K }>
  /** Resolves when more than so many datagrams to a receiver were counted as dropped for a reason. */
  dropped(receiver: string, reason: string, more: number): Promise<void>
  /** Whether netboot still runs. */
  isAlive(): boolean
  close(): Promise<void>
}

/** Makes the world and starts netboot in it. */
export async function openNetbootWorld(config: { network?: Partial<NetworkView>; files: Record<string, string>; chunkFolder?: string; downloadLimit?: number; packetFolder?: string }): Promise<NetbootWorld> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sc-netboot-'))
  const [server, clients] = [`sc-nbs-${process.pid}`, `sc-nbc-${process.pid}`]
  const ip = (...argv: string[]): void => { execFileSync('ip', argv) }
  for (const name of [server, clients]) ip('netns', 'add', name)
  ip('-n', server, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', clients)
  ip('-n', clients, 'link', 'set', 'eth0', 'address', '52:54:00:0a:0b:0c')
  for (const name of [server, clients]) { ip('-n', name, 'link', 'set', 'lo', 'up'); ip('-n', name, 'link', 'set', 'eth0', 'up') }
  ip('-n', server, 'addr', 'add', '10.77.0.1/24', 'dev', 'eth0')
  ip('-n', clients, 'addr', 'add', '10.77.0.50/24', 'dev', 'eth0')
  // Without it a veth leaves UDP checksums undone, and clients on raw sockets refuse the packets.
  execFileSync('ip', ['netns', 'exec', server, 'ethtool', '-K', 'eth0', 'tx', 'off'], { stdio: 'ignore' })

  const root = path.join(import.meta.dirname, '../..')
  const settings = JSON.stringify({ ...config, networks: [{ ...testNetwork, ...config.network }] })
  const child: ChildProcess = spawn('ip', ['netns', 'exec', server, process.execPath, '--import', 'tsx', path.join(root, 'test/sim/netboot-process.ts'), settings], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const events: BootEvent[] = []
  const waiting = new Set<(line: Record<string, unknown>) => void>()
  const next = (fits: (line: Record<string, unknown>) => boolean, what: string, seconds = 15): Promise<void> => new Promise((resolve, reject) => {
    const timer = setTimeout(() => { waiting.delete(look); reject(new Error(`no ${what} within ${seconds} seconds; there were: ${events.map(({ kind }) => kind).join(' ')}`)) }, seconds * 1000)
    const look = (line: Record<string, unknown>): void => { if (fits(line)) { clearTimeout(timer); waiting.delete(look); resolve() } }
    waiting.add(look)
  })
  const ready = next((line) => line['ready'] === true, 'ready')
  createInterface({ input: child.stdout! }).on('line', (text) => {
    const line = JSON.parse(text) as Record<string, unknown>
    if (line['event']) events.push(line['event'] as BootEvent)
    for (const look of Array.from(waiting)) look(line)
  })
  const started: PlacedProgram[] = []
  try {
    await ready
  } catch (error) { // nobody gets this world to close it
    child.kill('SIGKILL')
    for (const name of [server, clients]) ip('netns', 'del', name)
    throw error
  }

  return {
    folder, events, clientSpace: clients,
    server: (...argv) => execFileSync('ip', ['netns', 'exec', server, ...argv]).toString(),
    client: (argv, { seconds = 30, input } = {}) => new Promise((resolve, reject) => {
      const run = spawn('ip', ['netns', 'exec', clients, 'timeout', String(seconds), ...argv], { cwd: folder })
      let output = ''
      for (const stream of [run.stdout, run.stderr]) stream.on('data', (bytes: Buffer) => { output += bytes.toString() })
      run.on('error', reject)
      run.on('close', (code) => resolve({ code, output }))
      run.stdin.end(input)
    }),
    start(...argv) {
      const program = startProgram(clients, folder, argv)
      started.push(program)
      return program
    },
    async change(what) {
      const done = next((line) => line['changed'] === true, 'change')
      child.stdin?.write(`${JSON.stringify(what)}\n`)
      await done
    },
    async event(kind, fits = () => true, seconds = 15) {
      type Wanted = BootEvent & { kind: typeof kind }
      const find = (): Wanted | undefined => events.find((event): event is Wanted => event.kind === kind && fits(event as Wanted))
      if (!find()) await next(() => find() !== undefined, kind, seconds)
      return find() as Wanted
    },
    async dropped(receiver, reason, more) {
      const sum = (): number => events.reduce((all, event) => all + (event.kind === 'datagrams.dropped' && event.receiver === receiver && event.reason === reason ? event.count : 0), 0)
      if (sum() <= more) await next(() => sum() > more, `${more} drops of ${receiver}`)
    },
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async close() {
      await Promise.all(started.map((program) => program.end()))
      const ended = new Promise((resolve) => { child.once('exit', resolve) })
      if (child.exitCode === null) { child.stdin?.end(); await Promise.race([ended, new Promise((resolve) => { setTimeout(resolve, 5000) })]) }
      child.kill('SIGKILL')
      for (const name of [server, clients]) ip('netns', 'del', name)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
