import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { labNames } from '../../apps/supervisor/lab/network.ts'
import { freePort, until } from '../lab/appliance.ts'
import { layMadeBuilds } from './made-builds.ts'

const root = path.join(import.meta.dirname, '../..')

/** Where a lab of a test's own is: its name, folders and ports. The images in it are made up. */
export interface Home { readonly name: string; readonly home: string; readonly dataDir: string; readonly runDir: string; readonly consolePort: number; readonly balancerPort: number }

/** Makes a home; `rmSync(home.home)` ends it. */
export async function makeMadeUpHome(): Promise<Home> {
  const home = mkdtempSync(path.join(tmpdir(), 'system-cloud-up-'))
  chmodSync(home, 0o711)
  const dataDir = path.join(home, 'data')
  mkdirSync(dataDir)
  layMadeBuilds(dataDir)
  return { name: `u${(process.pid % 36 ** 4).toString(36)}`, home, dataDir, runDir: path.join(home, 'run'), consolePort: await freePort(), balancerPort: await freePort() }
}

/** `scripts/up` as typed into a terminal. */
export interface TypedUp {
  readonly output: () => string
  /** Exit code of the command, once it has ended. */
  readonly ended: Promise<number>
  /** Presses Ctrl-C: the terminal sends SIGINT to everything in its foreground. */
  interrupt(): void
}

/** Types `scripts/up WORDS` into a terminal of its own. */
export function typeUp(home: Pick<Home, 'dataDir' | 'runDir'>, ...words: string[]): TypedUp {
  // script(1) runs its command by $SHELL. Debian's sh would stay as its parent and end by the SIGINT too, with a status of its own.
  const env = { ...process.env, SHELL: '/bin/sh', SYSTEM_CLOUD_DATA: home.dataDir, SYSTEM_CLOUD_RUN: home.runDir }
  const terminal = spawn('script', ['--quiet', '--return', '--command', ['exec', path.join(root, 'scripts/up'), ...words].join(' '), '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  terminal.stdout.setEncoding('utf8').on('data', (part: string) => { text += part.replaceAll('\r', '') })
  return {
    output: () => text,
    ended: new Promise((resolve) => { terminal.once('close', (code) => resolve(code ?? -1)) }),
    interrupt: () => void terminal.stdin.write('\u0003'),
  }
}

/** The words for a lab without machines at this home. */
export const labWords = ({ name, consolePort, balancerPort }: Home): string[] => ['--lab', '0', '--name', name, '--console-port', String(consolePort), '--balancer-port', String(balancerPort)]

/** What a started lab is seen by from outside. */
export class StartedLab {
  readonly home: Home
  constructor(home: Home) { this.home = home }

  /** One request to the console's origin, which must have a certificate of the appliance's own authority. Status 0 where nobody answers. */
  ask(method: string, route: string, body?: object, session = ''): Promise<{ status: number; text: string; cookie: string }> {
    const file = path.join(this.home.dataDir, 'state/ca/ca.pem')
    const ca = existsSync(file) ? readFileSync(file, 'utf8').split('-----BEGIN PRIVATE KEY-----')[0] ?? '' : ''
    const origin = `https://127.0.0.1:${this.home.consolePort}`
    return new Promise((resolve) => {
      const none = (): void => resolve({ status: 0, text: '', cookie: '' })
      const request = https.request(`${origin}${route}`, { method, ca, agent: false, timeout: 10_000, headers: { origin, cookie: session, ...(body === undefined ? {} : { 'content-type': 'application/json' }) } }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => { text += part }).on('error', none).on('end', () => resolve({ status: answer.statusCode ?? 0, text, cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '' }))
      })
      request.on('error', none).on('timeout', () => request.destroy())
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** Waits until the console's sign-in page answers; in seconds, how long. */
  async consoleAnswers(up: TypedUp): Promise<number> {
    const startedAt = Date.now()
    await until('the console answers', 90_000, async () => (await this.ask('GET', '/sign-in')).status === 200, up.output)
    return (Date.now() - startedAt) / 1000
  }

  /** Status of a sign-in as admin: 204 where the password is right. */
  async signIn(password: string): Promise<number> { return (await this.ask('POST', '/api/v1/session', { user: 'admin', password })).status }

  /** Every process of the appliance that its supervisor wrote down, and the supervisor. */
  pids(): Record<string, number> {
    const read = (name: string) => JSON.parse(readFileSync(path.join(this.home.runDir, name), 'utf8')) as { name: string; pid: number }[]
    return Object.fromEntries([...read('owner.json'), ...read('children.json')].map(({ name, pid }) => [name, pid]))
  }

  /** Of the lab's two namespaces those that are there. */
  namespaces(): string[] {
    const there = execFileSync('ip', ['netns', 'list']).toString().split('\n').map((line) => line.split(' ')[0])
    return Object.values(labNames(this.home.name)).filter((name: string) => there.includes(name))
  }

  /** Ends what a failed test left, by id, and removes the home. */
  remove(): void {
    if (existsSync(path.join(this.home.runDir, 'owner.json'))) for (const pid of Object.values(this.pids())) if (isRunning(pid)) process.kill(pid, 'SIGKILL')
    for (const name of this.namespaces()) {
      const inside = execFileSync('ip', ['netns', 'pids', name]).toString().split('\n').filter((pid) => pid !== '')
      for (const pid of inside) process.kill(Number(pid), 'SIGKILL')
      execFileSync('ip', ['netns', 'delete', name])
    }
    rmSync(this.home.home, { recursive: true, force: true })
  }
}

/** Whether a process is there and no zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** The process group that a process belongs to: a terminal's Ctrl-C goes to all of one. */
export const processGroup = (pid: number): number => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[2])
