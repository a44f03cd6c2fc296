import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Target, type AgentReport } from '#contract/agent-api'
import { applyTarget, describe, executors, type Settled, type TaskReport } from './apply.ts'
import { ask, type Appliance, type Tls } from './appliance.ts'
import { backoffMs, pause } from './backoff.ts'
import { readBootId, readCluster, readMetrics } from './facts.ts'
import type { Host } from './host.ts'
import { applyHostname } from './hostname.ts'
import { enrol, needsRenewal, readIdentity, renew, writeDurably } from './identity.ts'
import { logQueue } from './log-queue.ts'
import { followJournal, followService, sendLogs } from './logs.ts'
import { flag } from './signal-flag.ts'
import { whereAbsent } from './tasks/file.ts'

/** What the agent is given. `folder` holds its identity; `log` writes a line for people to journald. */
export interface AgentOptions {
  readonly folder: string
  readonly host: Host
  readonly version: string
  readonly log: (line: string) => void
  readonly signal: AbortSignal
  /** Longest silence between two reports. */
  readonly reportEveryMs?: number
  readonly followJournal?: boolean
}

/**
 * The whole agent: enrols, then pulls, applies, reports and sends logs until `signal` aborts. Never rejects.
 *
 * INVARIANTS: one loop pulls, one applies, one reports. Only the pull loop sets `target`; only the apply loop sets `tasks`. A
 * target of an older generation than one that was applied is never set, across restarts too.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { host, signal, log } = options
  const session = await untilItWorks('enrolling', options, () => openSession(options))
  if (session === undefined) return
  let { appliance } = session

  let target: Target | undefined
  let tasks: readonly TaskReport[] = []
  let generation = session.generation
  let applying = new AbortController()
  let renewAfter = 0
  const targetChanged = flag()
  const somethingToTell = flag()
  const queue = logQueue(() => new Date())
  const followed = new Map<string, AbortController>()

  await Promise.all([pull(), apply(), report(), sendLogs(() => appliance, queue, signal), ...(options.followJournal === false ? [] : [followJournal(queue, signal)])])

  async function pull(): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      try {
        const answer = await ask(appliance, { method: 'GET', path: `/agent/target?etag=${encodeURIComponent(target?.etag ?? '')}`, signal, timeoutMs: 45_000 })
        if (answer.status === 200) await take(Target.parse(JSON.parse(answer.body)))
        else if (answer.status !== 304 && answer.status !== 204) throw new Error(`the appliance answered ${answer.status} to the question for a target: ${answer.body.slice(0, 300)}`)
        if (failures > 0) log('the appliance answers again')
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (failures === 0) log(`the appliance is away: ${describe(error)}`)
        failures += 1
        await pause(backoffMs(failures, Math.random()), signal)
      }
    }
  }

  async function take(next: Target): Promise<void> {
    if (next.machineId !== session?.machineId) throw new Error('the target is meant for another machine')
    if (next.generation < generation) throw new Error(`refused a target of generation ${next.generation}: generation ${generation} was applied`)
    if (next.generation > generation) await writeDurably(generationFile(host), `${next.generation}\n`, 0o600)
    generation = next.generation
    target = next
    log(`new target: generation ${next.generation}, ${next.tasks.length} tasks`)
    applying.abort()
    targetChanged.raise()
    followServices(next)
  }

  async function apply(): Promise<void> {
    let failures = 0
    const settled: Settled = new Map()
    while (!signal.aborted) {
      // Done: look again each minute, for what drifts. Failed: try again soon.
      const isNew = await targetChanged.wait(failures === 0 ? 60_000 : backoffMs(failures + 1, Math.random()), signal)
      const current = target
      if (current === undefined || signal.aborted) continue
      if (isNew) failures = 0
      applying = new AbortController()
      await applyHostname(current.hostname, host).catch((error: unknown) => log(`setting the host name: ${describe(error)}`))
      // A quiet second look must not turn what is done into "running" on the screen.
      const quiet = !isNew && failures === 0
      // What serves is touched only where the new target differs; each minute everything is looked at.
      if (!isNew) settled.clear()
      await keepCertificate(current)
      const result = await applyTarget(current, host, (reports) => { if (!quiet) tell(reports) }, applying.signal, executors, settled)
      for (const { id, detail } of result.filter((r) => r.status === 'failed')) log(`task ${id} failed: ${detail}`)
      failures = result.some((r) => r.status === 'failed') ? failures + 1 : 0
      tell(result)
    }
  }

  /** A certificate near its end, or without a name that the machine has now, is renewed. Until that works the old one goes on. */
  async function keepCertificate({ names }: Target): Promise<void> {
    if (appliance.cert === undefined || !needsRenewal(appliance.cert, names, Date.now()) || Date.now() < renewAfter) return
    try {
      appliance = { ...appliance, ...(await renew(options.folder, appliance, session?.machineId ?? '', host.run, signal)) }
      log('renewed the certificate')
      // One that still lacks a name is no reason to ask each minute.
      renewAfter = Date.now() + 3600_000
    } catch (error) {
      renewAfter = Date.now() + 60_000
      log(`renewing the certificate: ${describe(error)}`)
    }
  }

  function tell(reports: readonly TaskReport[]): void {
    tasks = reports.map((r) => ({ ...r }))
    somethingToTell.raise()
  }

  async function report(): Promise<void> {
    const every = options.reportEveryMs ?? 10_000
    let failures = 0
    let sentAt = 0
    let lastSeen = ''
    while (!signal.aborted) {
      const watchesInstances = target?.tasks.some((task) => task.kind === 'service') ?? false
      await somethingToTell.wait(Math.min(every, watchesInstances ? 3000 : every), signal)
      try {
        const body = await composeReport()
        const seen = JSON.stringify([body.tasks, body.swarm, body.instances])
        if (seen === lastSeen && Date.now() - sentAt < every - 500) continue
        const answer = await ask(appliance, { method: 'POST', path: '/agent/report', body: JSON.stringify(body), signal })
        if (answer.status >= 300) throw new Error(`the appliance answered ${answer.status} to a report: ${answer.body.slice(0, 300)}`)
        failures = 0
        lastSeen = seen
        sentAt = Date.now()
      } catch (error) {
        if (signal.aborted) return
        if (failures === 0) log(describe(error))
        failures += 1
        await pause(backoffMs(failures, Math.random()), signal)
      }
    }
  }

  async function composeReport(): Promise<AgentReport> {
    const nothing = { swarm: null, instances: [] }
    const answered = new AbortController()
    const cluster = Promise.race([readCluster(host.engine), pause(8000, AbortSignal.any([signal, answered.signal])).then(() => nothing)])
      .catch(() => nothing) // Docker is not there, or not yet: that is a fact to report, not a fault
      .finally(() => answered.abort())
    const [metrics, bootId, { swarm, instances }] = await Promise.all([readMetrics(host), readBootId(host), cluster])
    return { generation, etag: target?.etag ?? '', bootId, version: options.version, tasks: [...tasks], swarm, instances, metrics }
  }

  function followServices(next: Target): void {
    const wanted = new Set(next.tasks.flatMap((task) => (task.kind === 'service' ? [task.name] : [])))
    for (const [name, controller] of followed) {
      if (wanted.has(name)) continue
      controller.abort()
      followed.delete(name)
    }
    for (const name of wanted) {
      if (followed.has(name)) continue
      const controller = new AbortController()
      followed.set(name, controller)
      void followService(host.engine, name, queue, AbortSignal.any([controller.signal, signal]))
    }
  }
}

async function openSession(options: AgentOptions): Promise<{ appliance: Appliance; machineId: string; generation: number }> {
  const { config, ca, tls } = await readIdentity(options.folder)
  const known: Tls = tls ?? (await enrol(options.folder, config, ca, options.host.run, options.signal))
  if (tls === null) options.log(`enrolled as machine ${config.machineId}`)
  const applied = Number((await readFile(generationFile(options.host), 'utf8').catch(whereAbsent)) ?? 0)
  return { appliance: { url: config.url, ...known }, machineId: config.machineId, generation: Math.max(applied, config.generation) }
}

const generationFile = (host: Host) => path.join(host.stateDir, 'generation')

async function untilItWorks<T>(what: string, { log, signal }: AgentOptions, attempt: () => Promise<T>): Promise<T | undefined> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await attempt()
    } catch (error) {
      log(`${what}: ${describe(error)}`)
      await pause(backoffMs(failures, Math.random()), signal)
    }
  }
  return undefined
}
