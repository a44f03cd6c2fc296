import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { extract } from 'tar-stream'
import { AgentConfig, EnrolResponse, Target } from '#contract/agent-api'

/** Where the simulated machine finds its appliance, and who it is. `address` is a loopback address of its own, e.g. 127.0.0.77. */
export interface SimPlan { readonly mac: string; readonly uuid: string; readonly serial: string; readonly address: string; readonly url: string; readonly ca: string; /** What its ramdisk says it is, instead of the smallest machine. */ readonly facts?: string }

/** What the machine does now; tests wait for it. */
export type SimState = 'off' | 'ramdisk' | 'disk'

interface Tls { readonly ca: string; readonly cert?: string; readonly key?: string }

/**
 * A machine in TypeScript: it speaks what ramdisk and agent speak, over the real HTTPS servers, and has the services of a Manager on its
 * own loopback address. Where the appliance is away it tries again, as the real ones do.
 */
export class SimMachine {
  /** Its address and where the appliance is may change from one boot to the next. */
  plan: SimPlan
  readonly log: string[] = []
  state: SimState = 'off'
  /** Orders of these kinds answer `failed` with this text, once. */
  readonly failOnce = new Map<string, string>()
  /** Called before an order is reported done, and before enrolment (`enrol`) and each report (`report`). */
  onMoment: (moment: string) => Promise<void> | void = () => undefined
  /** Called where it would boot again: from its disk after an installation, from the network else. */
  onReboot: (from: 'ramdisk' | 'disk') => void = (from) => this.boot(from)
  /** The files that the appliance laid onto its disk, by path, with their modes. */
  files: ReadonlyMap<string, { mode: number; text: string }> = new Map()
  /** Ports of its services that answer nobody; `open` opens one again. */
  readonly shut = new Set<number>()
  #run = new AbortController()
  #disk: AgentConfig | undefined
  #identity: Tls | undefined
  #left = false
  readonly #services = new Map<number, net.Server>()
  #closers: (() => void)[] = []

  constructor(plan: SimPlan) { this.plan = plan }

  /** Powers on into the ramdisk, or into the disk where `from` says so. */
  boot(from: 'ramdisk' | 'disk'): void {
    this.off()
    this.#run = new AbortController()
    const { signal } = this.#run
    this.state = from
    const life = from === 'ramdisk' ? this.#ramdisk(signal) : this.#agent(signal)
    life.catch((error: unknown) => { if (!signal.aborted) this.log.push(`died: ${String(error)}`) })
  }

  off(): void {
    this.#run.abort()
    this.state = 'off'
    for (const close of this.#closers.splice(0)) close()
  }

  /** The facts text of this machine. */
  facts(): string {
    return this.plan.facts ?? [
      'firmware\tbios', 'secureboot\t0', 'kernel\t6.12.0', 'cpu.model\tSimulated', 'cpu.count\t1', 'cpu.arch\tx86_64', 'mem.kb\t2000000', `bootif\t${this.plan.mac}`,
      `dmi.product_uuid\t${this.plan.uuid}`, 'dmi.sys_vendor\tSim', 'dmi.product_name\tMachine', `dmi.product_serial\t${this.plan.serial}`, 'dmi.bios_version\t1',
      'disk\tvda', 'disk.size\t41943040', `disk.serial\t${this.plan.serial}-D`, 'disk.model\tSimDisk', 'disk.rotational\t0', 'disk.removable\t0', 'disk.transport\tvirtio', 'disk.contents\tblank',
      'nic\teth0', `nic.mac\t${this.plan.mac}`, 'nic.link\t1', '',
    ].join('\n')
  }

  /** One request as the ramdisk or agent makes it. Rejects where nobody answers. */
  ask(method: string, route: string, options: { body?: string; token?: string; tls?: Tls; signal?: AbortSignal } = {}): Promise<{ status: number; body: Buffer }> {
    const headers: Record<string, string | number> = { ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }), ...(options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) }) }
    return new Promise((resolve, reject) => {
      const request = https.request(new URL(route, this.plan.url), { method, headers, agent: false, localAddress: this.plan.address, ...(options.tls ?? { ca: this.plan.ca }), ...(options.signal === undefined ? {} : { signal: options.signal }) }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject).on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts) }))
      })
      request.on('error', reject)
      request.end(options.body)
    })
  }

  async #again<T>(signal: AbortSignal, work: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      signal.throwIfAborted()
      const value = await work().catch(() => undefined)
      if (value !== undefined) return value
      await wait(100, undefined, { signal })
    }
  }

  async #ramdisk(signal: AbortSignal): Promise<void> {
    const token = randomBytes(32).toString('hex')
    const finished = new Set<string>()
    const post = (): Promise<true> => this.#again(signal, async () => ((await this.ask('POST', `/ramdisk/${this.plan.mac}/facts`, { body: this.facts(), token, signal })).status === 204 ? true : undefined))
    await post()
    this.log.push('facts')
    for (;;) {
      const order = await this.#again(signal, () => this.ask('GET', `/ramdisk/${this.plan.mac}/order`, { token, signal }))
      if (order.status === 401 || order.status === 409) await post()
      if (order.status !== 200) continue
      const fields = new Map(order.body.toString().split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
      const [id, kind] = [fields.get('id') ?? '', fields.get('kind') ?? '']
      const report = (text: string): Promise<number> => this.#again(signal, async () => {
        const { status } = await this.ask('POST', `/ramdisk/${this.plan.mac}/orders/${id}`, { body: text, token, signal })
        if (status === 401 || status === 409) await post()
        return status === 204 || status === 410 ? status : undefined
      })
      if (!finished.has(id)) {
        this.log.push(kind)
        if ((await report('status=running\nbytesDone=1\nbytesTotal=2\n')) === 410) continue
        const failure = this.failOnce.get(kind)
        if (failure !== undefined) {
          this.failOnce.delete(kind)
          await report(`status=failed\ndetail=${failure}\n`)
          continue
        }
        if (kind === 'writeImage' && (await this.ask('GET', `/ramdisk/${this.plan.mac}/orders/${id}/chunks`, { token, signal })).status !== 200) continue
        if (kind === 'configureSystem') {
          const tar = await this.ask('GET', `/ramdisk/${this.plan.mac}/orders/${id}/files.tar`, { token, signal })
          if (tar.status !== 200) continue
          this.files = await readFiles(tar.body)
          this.#disk = AgentConfig.parse(JSON.parse(this.files.get('etc/system-cloud/agent.json')?.text ?? ''))
          this.#identity = undefined
          this.#left = false
        }
        await this.onMoment(kind)
        finished.add(id)
      }
      if ((await report('status=done\n')) === 410) continue
      if (kind === 'bootDisk') return void setImmediate(() => this.onReboot('disk'))
      if (kind === 'reboot') return void setImmediate(() => this.onReboot('ramdisk'))
    }
  }

  async #agent(signal: AbortSignal): Promise<void> {
    const config = this.#disk
    if (config === undefined) throw new Error('there is nothing on the disk')
    if (this.#identity === undefined) {
      const csr = makeCsr(config.machineId)
      await this.onMoment('enrol')
      const answer = await this.#again(signal, async () => {
        const got = await this.ask('POST', '/agent/enrol', { body: JSON.stringify({ machineId: config.machineId, generation: config.generation, secret: config.secret, csr: csr.csr }), signal })
        return got.status < 500 ? got : undefined
      })
      if (answer.status !== 200) throw new Error(`enrolment: ${answer.body.toString()}`)
      const { certificate, ca } = EnrolResponse.parse(JSON.parse(answer.body.toString()))
      this.#identity = { ca, cert: certificate, key: csr.key }
      this.log.push('enrolled')
    }
    const tls = this.#identity
    await this.#serve(tls)
    let target: Target | undefined
    for (;;) {
      const answer = await this.#again(signal, async () => {
        const patience = AbortSignal.timeout(2000)
        // It reports while it waits for news: a machine that is silent for long is taken for dead.
        const got = await this.ask('GET', `/agent/target?etag=${target?.etag ?? ''}`, { tls, signal: AbortSignal.any([signal, patience]) }).catch((error: unknown) => { if (patience.aborted) return { status: 304, body: Buffer.alloc(0) }; throw error })
        return got.status === 200 || got.status === 304 ? got : undefined
      })
      if (answer.status === 200) target = Target.parse(JSON.parse(answer.body.toString()))
      if (target === undefined) continue
      const present = target
      if (present.tasks.some((task) => task.kind === 'swarm' && task.mode === 'leave')) this.#left = true
      if (present.tasks.some((task) => task.kind === 'restart' && task.bootId === 'boot')) {
        this.log.push('restart')
        return void setImmediate(() => this.onReboot('ramdisk'))
      }
      await this.onMoment('report')
      await this.#again(signal, async () => ((await this.ask('POST', '/agent/report', { body: JSON.stringify(this.#report(present)), tls, signal })).status === 204 ? true : undefined))
    }
  }

  #report(target: Target): object {
    const nodeId = `node-${this.plan.serial}`
    return {
      generation: target.generation, etag: target.etag, bootId: 'boot', version: 'sim', tasks: target.tasks.map((task) => ({ id: task.id, status: 'done', detail: '' })), instances: [],
      swarm: this.#left ? null : { nodeId, role: 'manager', workerToken: 'SWMTKN-w', managerToken: 'SWMTKN-m', nodes: [{ id: nodeId, hostname: target.hostname, state: 'ready', availability: 'active' }] },
      metrics: { load1: 0.1, memoryTotalBytes: 2e9, memoryAvailableBytes: 1e9, diskTotalBytes: 2e10, diskFreeBytes: 1e10, uptimeSeconds: 10 },
    }
  }

  /** The services of a Manager: load balancer health, image registry, PostgreSQL. */
  async #serve(tls: Tls): Promise<void> {
    const balancer = http.createServer((_, reply) => void reply.end('ok'))
    const registry = https.createServer({ key: tls.key, cert: tls.cert }, (_, reply) => void reply.end('{}'))
    const database = net.createServer((socket) => void socket.on('error', () => undefined).once('data', () => socket.write('N')))
    for (const [server, port] of [[balancer, 8404], [registry, 5000], [database, 5432]] as const) {
      this.#services.set(port, server)
      this.#closers.push(() => { server.close(); if ('closeAllConnections' in server) server.closeAllConnections() })
      if (!this.shut.has(port)) await this.#listen(port)
    }
  }

  /** Opens the port of a service that was shut. */
  async open(port: number): Promise<void> {
    this.shut.delete(port)
    await this.#listen(port)
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => { this.#services.get(port)?.once('error', reject).listen(port, this.plan.address, resolve) })
  }
}

async function readFiles(tar: Buffer): Promise<Map<string, { mode: number; text: string }>> {
  const entries = extract()
  entries.end(tar)
  const files = new Map<string, { mode: number; text: string }>()
  for await (const entry of entries) {
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    files.set(entry.header.name, { mode: entry.header.mode ?? 0, text: Buffer.concat(parts).toString() })
  }
  return files
}

function makeCsr(commonName: string): { csr: string; key: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'sc-sim-'))
  const [key, csr] = [path.join(folder, 'key'), path.join(folder, 'csr')]
  execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', csr, '-subj', `/CN=${commonName}`], { stdio: 'ignore' })
  const made = { csr: readFileSync(csr, 'utf8'), key: readFileSync(key, 'utf8') }
  rmSync(folder, { recursive: true })
  return made
}
