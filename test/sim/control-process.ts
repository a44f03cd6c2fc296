import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Machine } from '#contract/operator-api'
import { startingText } from '#control/networks/site-state'
import { bundle, controlPrograms } from '../../scripts/bundle.ts'

const root = path.join(import.meta.dirname, '../..')
const programs = path.join(root, 'dist/test')

/** Where a control process serves: its namespace and the card, address and network in it. */
export interface ControlStanding { readonly namespace: string; readonly interface: string; readonly address: string; readonly cidr: string }

/** A control process with a data folder of its own, a made-up OS image and, unless it stands somewhere, no netboot; it can be killed and started again. */
export class ControlProcess {
  readonly home = mkdtempSync(path.join(tmpdir(), 'sc-control-'))
  /** Added to its environment at the next start. */
  readonly environment: Record<string, string> = {}
  /** Words before its command: who it runs as. */
  before: readonly string[] = []
  readonly program = path.join(programs, 'control.mjs')
  readonly #ports: { tls: number; operator: number }
  readonly #standing: ControlStanding | undefined
  #child: ChildProcess | undefined
  output = ''

  private constructor(ports: { tls: number; operator: number }, standing: ControlStanding | undefined) {
    this.#ports = ports
    this.#standing = standing
  }

  static async make(standing?: ControlStanding): Promise<ControlProcess> {
    await bundle(controlPrograms, programs)
    const control = new ControlProcess({ tls: await freePort(), operator: await freePort() }, standing)
    const data = path.join(control.home, 'data')
    const image = path.join(data, 'images', 'debian-13-0123456789abcdef')
    mkdirSync(path.join(control.home, 'root/dist'), { recursive: true })
    mkdirSync(image, { recursive: true })
    symlinkSync(path.join(root, 'prisma'), path.join(control.home, 'root/prisma'))
    writeFileSync(path.join(control.home, 'root/dist/agent.mjs'), '// the agent\n')
    const chunk = { digest: createHash('blake2b512').update('x').digest('hex'), compressedBytes: 1, offsetBytes: 0, lengthBytes: 1 }
    writeFileSync(path.join(image, 'manifest.json'), JSON.stringify({ id: 'debian-13', title: 'Debian 13', hash: '0123456789abcdef', suite: 'trixie', kernel: '6.12', builtAt: '2026-01-01T00:00:00Z', root: [chunk], esp: [chunk], bios: [chunk], sizes: { rootBytes: 1, espBytes: 1, writtenBytes: 3, downloadBytes: 3 } }))
    return control
  }

  get url(): string { return `https://127.0.0.1:${this.#ports.tls}` }
  get machinePort(): number { return this.#ports.tls }
  get operatorPort(): number { return this.#ports.operator }
  get ca(): string {
    const text = readFileSync(path.join(this.home, 'data/state/ca/ca.pem'), 'utf8')
    return text.slice(0, text.indexOf('-----BEGIN PRIVATE KEY-----'))
  }

  /** Of the process that runs now. */
  get pid(): number { return this.#child?.pid ?? 0 }

  /** Starts it and resolves when its API and its boot servers answer. */
  async start(): Promise<void> {
    const env = { ...process.env, SYSTEM_CLOUD_DATA: path.join(this.home, 'data'), SYSTEM_CLOUD_RUN: path.join(this.home, 'run'), SYSTEM_CLOUD_ROOT: path.join(this.home, 'root'), SYSTEM_CLOUD_TLS_PORT: String(this.#ports.tls), SYSTEM_CLOUD_OPERATOR_PORT: String(this.#ports.operator), SYSTEM_CLOUD_LOG: 'warn', ...this.environment, ...(this.#standing === undefined ? {} : { SYSTEM_CLOUD_INTERFACE: this.#standing.interface, SYSTEM_CLOUD_ADDRESS: this.#standing.address, SYSTEM_CLOUD_CIDR: this.#standing.cidr }) }
    const [command = '', ...words] = [...(this.#standing === undefined ? [] : ['ip', 'netns', 'exec', this.#standing.namespace]), ...this.before, process.execPath, this.program]
    const child = spawn(command, words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { this.output += bytes.toString() })
    for (const end = Date.now() + 30_000; ;) {
      const status = await this.api('GET', 'status').catch(() => undefined)
      if (status?.status === 200 && !(status.value as { warnings: string[] }).warnings.some((text) => text.includes(startingText))) return
      if (Date.now() > end || child.exitCode !== null) throw new Error(`control did not start\n${this.output}`)
      await wait(100)
    }
  }

  /** kill -9, as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
    child.kill('SIGKILL')
    await ended
  }

  /** Resolves when the process has ended, by itself or otherwise. */
  ended(): Promise<void> {
    const child = this.#child
    return child === undefined || child.exitCode !== null ? Promise.resolve() : new Promise((resolve) => { child.once('exit', () => resolve()) })
  }

  /** Kills it and starts it again. */
  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** The same as `remove` while this process exits: nothing is awaited. */
  abandon(): void {
    this.#child?.kill('SIGKILL')
    rmSync(this.home, { recursive: true, force: true, maxRetries: 10 })
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.home, { recursive: true, force: true })
  }

  /** The operator API over the Unix socket; a route that begins with a slash is taken as it is. */
  api(method: string, route: string, body?: unknown): Promise<{ status: number; value: unknown }> {
    const text = body === undefined ? '' : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const request = http.request({ socketPath: path.join(this.home, 'run/operator.sock'), path: route.startsWith('/') ? route : `/api/v1/${route}`, method, headers: { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }) } }, (answer) => {
        let all = ''
        answer.setEncoding('utf8').on('data', (part: string) => { all += part }).on('end', () => resolve({ status: answer.statusCode ?? 0, value: all === '' ? undefined : JSON.parse(all) as unknown }))
      })
      request.on('error', reject)
      request.end(text)
    })
  }

  /** POSTs a tar archive below /api/v1. */
  upload(route: string, tar: Buffer): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      http.request({ socketPath: path.join(this.home, 'run/operator.sock'), path: `/api/v1/${route}`, method: 'POST', headers: { host: 'localhost', 'content-type': 'application/x-tar', 'content-length': tar.length } }, (answer) => {
        let all = ''
        answer.setEncoding('utf8').on('data', (part: string) => { all += part }).on('end', () => resolve({ status: answer.statusCode ?? 0, text: all }))
      }).on('error', reject).end(tar)
    })
  }

  /** What a GET of the operator's Unix socket answers, as text. */
  text(route: string): Promise<string> {
    return new Promise((resolve, reject) => {
      http.get({ socketPath: path.join(this.home, 'run/operator.sock'), path: route, headers: { host: 'localhost' } }, (answer) => {
        let all = ''
        answer.setEncoding('utf8').on('data', (part: string) => { all += part }).on('end', () => resolve(all))
      }).on('error', reject)
    })
  }

  /** The same as bytes, of a route below /api/v1. */
  bytes(route: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      http.get({ socketPath: path.join(this.home, 'run/operator.sock'), path: `/api/v1/${route}`, headers: { host: 'localhost' } }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts)))
      }).on('error', reject)
    })
  }

  async machine(name: string): Promise<Machine | undefined> {
    const answer = await this.api('GET', `machines/${name}`).catch(() => undefined)
    return answer?.status === 200 ? (answer.value as Machine) : undefined
  }

  /** Waits until the machine is as `wanted`; rejects with its state and the log. */
  async until(name: string, wanted: (machine: Machine) => boolean, timeoutMs = 30_000): Promise<Machine> {
    let last: Machine | undefined
    for (const end = Date.now() + timeoutMs; Date.now() < end; await wait(100)) {
      last = (await this.machine(name)) ?? last
      if (last !== undefined && wanted(last)) return last
    }
    throw new Error(`${name} is ${JSON.stringify({ phase: last?.phase, problem: last?.problem, attention: last?.attention, steps: last?.steps.map((s) => `${s.kind} ${s.status} ${s.detail}`) }, undefined, 1)}\n${this.output.slice(-3000)}`)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}
