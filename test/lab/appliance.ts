import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Machine } from '#contract/operator-api'
import { findBuild } from '#images/build/manifest'
import { labNames } from '../../apps/supervisor/lab/network.ts'

const root = path.join(import.meta.dirname, '../..')

/** `scripts/up --lab` under a name, ports and folders of its own, driven as a person would: by its command line and its loopback ports. */
export interface LabRun {
  readonly consoleUrl: string
  readonly balancerPort: number
  readonly dataDir: string
  readonly runDir: string
  readonly output: () => string
  /** Runs `scripts/systemcloud` against this lab. Rejects with its output where it does not exit with 0. */
  cli(...args: string[]): Promise<string>
  machines(): Promise<Machine[]>
  /** The process of that name: control, console, dns, time. */
  pid(name: string): number
  /** The virtual machines' QEMU processes. */
  guestPids(): number[]
  /** Kills the control process as a crash would. */
  killControl(): void
  /** Kills `scripts/up` as a crash would, with its guests running, and types it again. This run is over then; the new one goes on with its state. */
  again(): Promise<LabRun>
  stop(): Promise<void>
}

/** Waiting longer makes no sense: `until` rejects with it at once. */
export class Hopeless extends Error {}

/** Waits until `probe` gives a value. Rejects with `what` and the last state after `timeoutMs`. */
export async function until<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined | false>, state: () => string = () => ''): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await probe().catch((error: unknown) => {
      if (error instanceof Hopeless) throw new Error(`${what}: ${error.message}\n${state()}`, { cause: error })
      return undefined // not there yet, or control is being started again
    })
    if (value !== undefined && value !== false) return value
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs / 1000} s\n${state()}`)
    await wait(500)
  }
}

/** A TCP port of the loopback that nobody has. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** Images are kept between runs here: they are found by content hash, as a person's second `scripts/up` finds them. */
const imageCache = process.env['SYSTEM_CLOUD_TEST_IMAGES'] ?? path.join(tmpdir(), 'system-cloud-lab-images')

/** A data folder of its own whose images are those of all runs. */
export function makeHome(name: string): { home: string; dataDir: string; runDir: string } {
  const home = mkdtempSync(path.join(tmpdir(), `system-cloud-lab-${name}-`))
  const [dataDir, runDir] = [path.join(home, 'data'), path.join(home, 'run')]
  // Other users pass through to what is theirs, as they do below /var/lib.
  chmodSync(home, 0o711)
  mkdirSync(dataDir)
  for (const part of ['images', 'cache']) {
    mkdirSync(path.join(imageCache, part), { recursive: true })
    symlinkSync(path.join(imageCache, part), path.join(dataDir, part))
  }
  return { home, dataDir, runDir }
}

/** Builds an image as the appliance does, or finds it built. Its folder. */
export function buildImage(dataDir: string, id: 'loaders' | 'ramdisk' | 'debian-13'): string {
  execFileSync(path.join(root, 'node_modules/.bin/tsx'), [path.join(root, 'images/build/main.ts'), '--data', dataDir, id], { stdio: ['ignore', 'ignore', 'inherit'] })
  const folder = findBuild(dataDir, id)
  if (folder === undefined) throw new Error(`the build left no ${id} in ${dataDir}`)
  return folder
}

/** Starts a lab of `machines` and resolves when its API answers. */
export async function startLabRun(machines: number): Promise<LabRun> {
  const [consolePort, balancerPort] = [await freePort(), await freePort()]
  const name = Math.random().toString(36).slice(2, 7)
  const args = ['--lab', String(machines), '--name', name, '--console-port', String(consolePort), '--balancer-port', String(balancerPort)]
  return startUp(makeHome(name), [path.join(root, 'scripts/up'), ...args], { consoleUrl: `https://127.0.0.1:${consolePort}`, balancerPort })
}

/** Runs `scripts/up` by the given words and resolves when its API answers. */
export async function startUp(place: ReturnType<typeof makeHome>, words: readonly string[], ports: { consoleUrl: string; balancerPort: number }): Promise<LabRun> {
  const { home, dataDir, runDir } = place
  const [command = '', ...args] = words
  const env = { ...process.env, SYSTEM_CLOUD_DATA: dataDir, SYSTEM_CLOUD_RUN: runDir }
  const up: ChildProcess = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [up.stdout, up.stderr]) stream?.on('data', (bytes: Buffer) => {
    text += bytes.toString()
    if (process.env['SYSTEM_CLOUD_TEST_VERBOSE'] !== undefined) process.stderr.write(bytes)
  })
  const ended = new Promise<void>((resolve) => { up.once('close', () => resolve()) })

  const cli = (...args: string[]): Promise<string> => new Promise((resolve, reject) => {
    execFile(path.join(root, 'scripts/systemcloud'), args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(`systemcloud ${args.join(' ')}: ${stderr}${stdout}`, { cause: error }))))
  })
  const run: LabRun = {
    ...ports, dataDir, runDir, output: () => text, cli,
    machines: async () => JSON.parse(await cli('machines', '--json')) as Machine[],
    pid(name) {
      const children = JSON.parse(readFileSync(path.join(runDir, 'children.json'), 'utf8')) as { name: string; pid: number }[]
      const found = children.find((child) => child.name === name)
      if (found === undefined) throw new Error(`there is no process ${name}`)
      return found.pid
    },
    guestPids: () => execFileSync('ip', ['netns', 'pids', labNames(words[words.indexOf('--name') + 1] ?? '').wire]).toString().split('\n').filter((pid) => pid !== '').map(Number).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('qemu')),
    killControl: () => void process.kill(run.pid('control'), 'SIGKILL'),
    async again() {
      up.kill('SIGKILL')
      await ended
      return startUp(place, words, ports)
    },
    async stop() {
      up.kill('SIGTERM')
      // Nothing on its disks is wanted any more: a second word spares the wait for its machines to shut down.
      const hurrying = setInterval(() => up.kill('SIGTERM'), 500)
      void ended.then(() => clearInterval(hurrying))
      const stopped = await Promise.race([ended.then(() => true), wait(60_000, false, { ref: false })])
      if (!stopped) up.kill('SIGKILL')
      keepEvidence(home, text)
      rmSync(home, { recursive: true, force: true })
    },
  }
  const failed = (): never => { throw new Hopeless(`scripts/up ended with ${up.exitCode}`) }
  try {
    // What a killed run has left may still answer: only the new one's own word counts.
    await until('the appliance answers', 240_000, async () => (up.exitCode === null ? text.includes('the appliance runs') && (await run.machines()) !== undefined : failed()), () => text)
  } catch (error) { // nobody gets this run to stop it
    await run.stop()
    throw error
  }
  return run
}

/** Leaves the run's logs where a person can read them after a failure, when asked to. */
function keepEvidence(home: string, output: string): void {
  const folder = process.env['SYSTEM_CLOUD_TEST_EVIDENCE']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'up.log'), output)
  for (const log of ['control.log', 'console.log', 'dns.log', 'time.log']) {
    try {
      writeFileSync(path.join(folder, log), readFileSync(path.join(home, 'data/log', log)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  for (let i = 1; i <= 3; i += 1) {
    try {
      writeFileSync(path.join(folder, `serial-${i}.log`), readFileSync(path.join(home, `data/lab/machine-${i}/serial.log`)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
