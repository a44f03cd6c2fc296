import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentReport, EnrolRequest, RenewRequest, type Target, type Task } from '#contract/agent-api'
import { applyTarget, executors, type Settled, type TaskReport } from './apply.ts'
import { runCommand, type Run } from './command.ts'
import type { Engine } from './docker-engine.ts'
import type { Host } from './host.ts'
import { runAgent } from './run.ts'

let root: string
const stop: AbortController[] = []
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'sc-agent-'))
  mkdirSync(path.join(root, 'proc/sys/kernel/random'), { recursive: true })
  mkdirSync(path.join(root, 'etc'))
  writeFileSync(path.join(root, 'etc/hostname'), 'node-1\n')
  writeFileSync(path.join(root, 'proc/loadavg'), '0.25 0.1 0.1 1/100 1\n')
  writeFileSync(path.join(root, 'proc/meminfo'), 'MemTotal: 2048 kB\nMemAvailable: 1024 kB\n')
  writeFileSync(path.join(root, 'proc/uptime'), '12.5 10\n')
  writeFileSync(path.join(root, 'proc/sys/kernel/random/boot_id'), 'b\n')
})
afterEach(() => {
  for (const controller of stop.splice(0)) controller.abort()
  rmSync(root, { recursive: true })
})

/** A Docker that remembers what it was asked; `answers` maps "METHOD /path" to status and body. */
function fakeEngine(answers: Record<string, [number, unknown]> = {}) {
  const asked: { call: string; body: unknown }[] = []
  const engine: Engine = {
    async ask(method, resource, body) {
      asked.push({ call: `${method} ${resource}`, body })
      const [status, answer] = answers[`${method} ${resource}`] ?? [200, null]
      return { status, body: answer }
    },
    stream: () => Promise.reject(new Error('no logs here')),
  }
  return { engine, asked }
}

const host = (run: Run, engine = fakeEngine().engine): Host => ({ root, stateDir: path.join(root, 'state'), run, engine })
const target = (tasks: Task[], more: Partial<Target> = {}): Target => ({ machineId: 'm1', generation: 3, etag: 'e1', hostname: 'node-1', names: [], tasks, ...more })
const apply = (tasks: Task[], on: Host) => applyTarget(target(tasks), on, () => undefined, new AbortController().signal)
const fileTask = (content: string): Task => ({ kind: 'file', id: 'f', path: '/etc/x/y.conf', content, mode: '0640', owner: 'root', group: 'root' })
const unitTask: Task = { kind: 'unit', id: 'u', name: 'x.service', state: 'running', restartOn: ['f'], reloadOn: [] }

/** systemctl as far as units ask it. */
function fakeSystemctl() {
  const calls: string[] = []
  let active = false
  const run: Run = async (program, args) => {
    const call = [program, ...args].join(' ')
    if (args[0] === 'is-active') return { code: 0, stdout: active ? 'active\n' : 'inactive\n', stderr: '' }
    calls.push(call)
    if (args[0] === 'start' || args[0] === 'restart') active = true
    return { code: 0, stdout: '', stderr: '' }
  }
  return { run, acts: () => calls.splice(0).filter((call) => /systemctl (start|restart|reload)/.test(call)) }
}

describe('tasks', () => {
  test('files are written once, with their mode, and copies follow what they copy', async () => {
    writeFileSync(path.join(root, 'etc/key'), 'secret')
    const tasks: Task[] = [fileTask('a'), { kind: 'copy', id: 'c', from: '/etc/key', path: '/etc/copy', mode: '0600', owner: 'root', group: 'root' }]
    expect((await apply(tasks, host(runCommand))).map((r) => r.detail)).toEqual(['wrote /etc/x/y.conf', 'wrote /etc/copy'])
    expect(statSync(path.join(root, 'etc/x/y.conf')).mode & 0o777).toBe(0o640)
    expect((await apply(tasks, host(runCommand))).map((r) => r.detail)).toEqual(['', ''])
    chmodSync(path.join(root, 'etc/copy'), 0o644)
    await apply(tasks, host(runCommand))
    expect(statSync(path.join(root, 'etc/copy')).mode & 0o777).toBe(0o600)
  })

  test('a unit is started, restarted when its file changes, and left alone otherwise', async () => {
    const { run, acts } = fakeSystemctl()
    await apply([fileTask('a'), unitTask], host(run))
    expect(acts()).toEqual(['systemctl start x.service'])
    await apply([fileTask('a'), unitTask], host(run))
    expect(acts()).toEqual([])
    // The agent dies between writing the file and restarting the unit.
    await apply([fileTask('b')], host(run))
    await apply([fileTask('b'), unitTask], host(run))
    expect(acts()).toEqual(['systemctl restart x.service'])
  })

  test('a new target touches only what differs: what serves goes on when another machine joins', async () => {
    const { run, acts } = fakeSystemctl()
    const calls: string[] = []
    const counting: Run = (program, args, options) => { calls.push([program, ...args].join(' ')); return run(program, args, options) }
    const there = fakeEngine({ 'GET /info': [200, { Swarm: { LocalNodeState: 'active', ControlAvailable: true } }], 'GET /services/web': [404, null] })
    const file = (id: string, content: string): Task => ({ kind: 'file', id, path: `/etc/${id}.conf`, content, mode: '0644', owner: 'root', group: 'root' })
    const unit = (name: string, restartOn: string[], reloadOn: string[]): Task => ({ kind: 'unit', id: name, name: `${name}.service`, state: 'running', restartOn, reloadOn })
    const tasks = (balancer: string): Task[] => [
      file('docker', '{}'), unit('docker-unit', ['docker'], []), { kind: 'swarm', id: 'swarm', mode: 'init', advertise: '10.0.0.1', remote: '', token: '' },
      { kind: 'service', id: 'app-web', name: 'web', image: 'r/apps@sha256:1', replicas: 2, publishedPort: 30000, targetPort: 8080, env: {}, memoryMb: 256, healthPath: '/', constraint: 'node.role==worker' },
      file('balancer', balancer), unit('haproxy', [], ['balancer']),
    ]
    const on = host(counting, there.engine)
    const settled: Settled = new Map()
    const applyNext = (balancer: string, tell: (reports: readonly TaskReport[]) => void = () => undefined, signal = new AbortController().signal) => applyTarget(target(tasks(balancer)), on, tell, signal, executors, settled)
    await applyNext('one server')
    // Debian had started the second one before the agent came.
    expect(acts()).toEqual(['systemctl start docker-unit.service', 'systemctl restart haproxy.service'])
    const asked = there.asked.length
    calls.splice(0)

    const told: string[][] = []
    const reports = await applyNext('two servers', (now) => told.push(now.map((report) => report.status)))
    expect(reports.every((report) => report.status === 'done')).toBe(true)
    // Nothing that runs is ever told as waiting, and nobody but the load balancer is spoken to.
    expect(told[0]).toEqual(['done', 'done', 'done', 'done', 'running', 'done'])
    expect(calls.filter((call) => !/haproxy/.test(call) && call !== 'systemctl daemon-reload')).toEqual([])
    expect(there.asked.length).toBe(asked)
    expect(acts()).toEqual(['systemctl reload-or-restart haproxy.service'])

    // Broken off between the file and its unit: the next target finishes that.
    const stop = new AbortController()
    await applyNext('three servers', (now) => { if (now[4]?.status === 'done' && now[4].detail !== '') stop.abort() }, stop.signal)
    expect(acts()).toEqual([])
    await applyNext('three servers')
    expect(acts()).toEqual(['systemctl reload-or-restart haproxy.service'])
  })

  test('what fails blocks what follows, but one app does not block another', async () => {
    const failing: Run = async () => ({ code: 1, stdout: '', stderr: 'broken' })
    const blocked = await apply([unitTask, fileTask('a')], host(failing))
    expect(blocked.map((r) => r.status)).toEqual(['failed', 'waiting'])
    const database: Task = { kind: 'database', id: 'd', name: 'app_x', password: 'p' }
    expect((await apply([database, fileTask('a')], host(failing))).map((r) => r.status)).toEqual(['failed', 'done'])
  })

  test('a database password goes by stdin, quoted, and never as an argument', async () => {
    const seen: { args: string; input: string }[] = []
    const run: Run = async (_, args, options) => { seen.push({ args: args.join(' '), input: options?.input ?? '' }); return { code: 0, stdout: '0\n', stderr: '' } }
    await apply([{ kind: 'database', id: 'd', name: 'app_x', password: "it's\\" }], host(run))
    expect(seen.some((s) => s.args.includes('it'))).toBe(false)
    expect(seen[1]?.input).toContain(String.raw`PASSWORD E'it''s\\'`)
    expect(seen[1]?.input).toContain('CREATE DATABASE "app_x" OWNER "app_x"')
  })

  test('a Manager gives its Swarm a slow heartbeat, once, and keeps what else is set of it', async () => {
    const init: Task = { kind: 'swarm', id: 's', mode: 'init', advertise: '10.0.0.1', remote: '', token: '' }
    const info: [number, unknown] = [200, { Swarm: { LocalNodeState: 'active', ControlAvailable: true, NodeID: 'n' } }]
    const fast = { Version: { Index: 11 }, Spec: { Name: 'default', Raft: { ElectionTick: 10 }, Dispatcher: { HeartbeatPeriod: 5_000_000_000 } } }
    const before = fakeEngine({ 'GET /info': info, 'GET /swarm': [200, fast] })
    expect(await apply([init], host(runCommand, before.engine))).toMatchObject([{ status: 'done', detail: 'set the heartbeat of the Swarm' }])
    expect(before.asked.at(-1)).toEqual({ call: 'POST /swarm/update?version=11', body: { Name: 'default', Raft: { ElectionTick: 10 }, Dispatcher: { HeartbeatPeriod: 10_000_000_000 } } })
    const after = fakeEngine({ 'GET /info': info, 'GET /swarm': [200, { ...fast, Spec: { ...fast.Spec, Dispatcher: { HeartbeatPeriod: 10_000_000_000 } } }] })
    expect(await apply([init], host(runCommand, after.engine))).toMatchObject([{ status: 'done', detail: '' }])
    expect(after.asked.map(({ call }) => call)).toEqual(['GET /info', 'GET /swarm'])
  })

  test('joins a Swarm, and leaves another one first', async () => {
    const task: Task = { kind: 'swarm', id: 's', mode: 'join', advertise: '10.0.0.2', remote: '10.0.0.1:2377', token: 'SWMTKN-1-ca-secret' }
    const outside = fakeEngine({ 'GET /info': [200, { Swarm: { LocalNodeState: 'inactive' } }] })
    await apply([task], host(runCommand, outside.engine))
    expect(outside.asked.map((a) => a.call)).toEqual(['GET /info', 'POST /swarm/join'])
    const inside = fakeEngine({ 'GET /info': [200, { Swarm: { LocalNodeState: 'active', NodeID: 'n' } }] })
    expect((await apply([task], host(runCommand, inside.engine)))[0]).toEqual({ id: 's', status: 'done', detail: '' })
    const joining = fakeEngine({ 'GET /info': [200, { Swarm: { LocalNodeState: 'pending' } }] })
    expect((await apply([task], host(runCommand, joining.engine)))[0]).toMatchObject({ status: 'failed', detail: 'Docker is still joining the Swarm' })
    expect(joining.asked).toHaveLength(1)
    await apply([{ ...task, token: 'SWMTKN-1-other-secret' }], host(runCommand, inside.engine))
    expect(inside.asked.map((a) => a.call).slice(1)).toEqual(['GET /info', 'POST /swarm/leave?force=true', 'POST /swarm/join'])
  })

  test('a service is created, left alone, updated and removed', async () => {
    const task: Task = { kind: 'service', id: 'a', name: 'web', image: 'r/apps@sha256:1', replicas: 2, publishedPort: 30000, targetPort: 8080, env: { B: '2', A: '1' }, memoryMb: 256, healthPath: '/', constraint: 'node.role==worker' }
    const none = fakeEngine({ 'GET /services/web': [404, null] })
    await apply([task], host(runCommand, none.engine))
    const spec = none.asked[1]?.body as { Labels: Record<string, string> }
    expect(spec).toMatchObject({ Name: 'web', TaskTemplate: { ContainerSpec: { Env: ['A=1', 'B=2'] } }, EndpointSpec: { Ports: [{ PublishedPort: 30000, TargetPort: 8080 }] } })
    const there = fakeEngine({ 'GET /services/web': [200, { ID: 'id', Version: { Index: 7 }, Spec: { Labels: spec.Labels } }], 'DELETE /services/web': [404, null] })
    await apply([task], host(runCommand, there.engine))
    expect(there.asked.map((a) => a.call)).toEqual(['GET /services/web'])
    await apply([{ ...task, replicas: 3 }, { kind: 'absentService', id: 'x', name: 'web' }], host(runCommand, there.engine))
    expect(there.asked.map((a) => a.call).slice(1)).toEqual(['GET /services/web', 'POST /services/id/update?version=7', 'DELETE /services/web'])
  })
})

describe('the agent over TLS', () => {
  test('enrols once, applies its target, reports it, and refuses an older generation', async () => {
    const ca = makeCa(path.join(root, 'ca'))
    const targets: Target[] = [target([fileTask('first')]), target([fileTask('older')], { generation: 2, etag: 'e0' }), target([fileTask('second')], { generation: 4, etag: 'e2' })]
    const reports: AgentReport[] = []
    const enrolments: string[] = []
    const renewals: string[] = []
    const server = await serve(ca, async (url, body, certified) => {
      if (url.pathname === '/agent/enrol') {
        const { csr, secret } = EnrolRequest.parse(JSON.parse(body))
        enrolments.push(secret)
        return [200, JSON.stringify({ certificate: ca.sign(csr), ca: ca.pem })]
      }
      if (!certified) return [401, 'who are you?']
      if (url.pathname === '/agent/renew') {
        renewals.push(RenewRequest.parse(JSON.parse(body)).csr)
        return [200, JSON.stringify({ certificate: ca.sign(renewals.at(-1) ?? ''), ca: ca.pem })]
      }
      if (url.pathname === '/agent/report') {
        reports.push(AgentReport.parse(JSON.parse(body)))
        return [204, '']
      }
      const next = targets[0]
      if (next === undefined) { await new Promise((resolve) => setTimeout(resolve, 300)); return [304, ''] }
      if (url.searchParams.get('etag') === next.etag || next.generation === 2) targets.shift()
      return url.searchParams.get('etag') === next.etag ? [304, ''] : [200, JSON.stringify(next)]
    })
    const folder = path.join(root, 'etc/system-cloud')
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'ca.pem'), ca.pem)
    writeFileSync(path.join(folder, 'agent.json'), JSON.stringify({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, machineId: 'm1', generation: 3, secret: 'once' }))
    const said: string[] = []
    const start = () => {
      const controller = new AbortController()
      stop.push(controller)
      return { controller, ended: runAgent({ folder, version: 'test', host: host(runCommand), log: (line) => said.push(line), signal: controller.signal, reportEveryMs: 200, followJournal: false }) }
    }
    const first = start()
    await until(() => reports.some((r) => r.etag === 'e2' && r.tasks.every((t: TaskReport) => t.status === 'done') && r.tasks.length === 1))
    first.controller.abort()
    await first.ended
    expect(readFileSync(path.join(root, 'etc/x/y.conf'), 'utf8')).toBe('second')
    expect(said.join('\n')).toContain('refused a target of generation 2: generation 3 was applied')
    expect(enrolments).toEqual(['once'])
    expect(readFileSync(path.join(folder, 'agent.json'), 'utf8')).not.toContain('once')
    expect(statSync(path.join(folder, 'agent.key')).mode & 0o777).toBe(0o600)
    expect(reports[0]?.metrics).toMatchObject({ load1: 0.25, memoryTotalBytes: 2 << 20 })

    const before = readFileSync(path.join(folder, 'agent.crt'), 'utf8')
    targets.push(target([fileTask('third')], { generation: 4, etag: 'e3', names: ['127.0.0.1', 'registry.test'] }))
    const second = start()
    await until(() => reports.some((r) => r.etag === 'e3' && r.tasks[0]?.status === 'done'))
    second.controller.abort()
    await second.ended
    expect(enrolments).toHaveLength(1)
    // Its certificate lacked a name: it has another, for the same key.
    expect(renewals).toHaveLength(1)
    expect(readFileSync(path.join(folder, 'agent.crt'), 'utf8')).not.toBe(before)
    server.close()
    server.closeAllConnections()
  }, 40_000)

  test('tells nothing to a server of another CA', async () => {
    const [ours, theirs] = [makeCa(path.join(root, 'ours')), makeCa(path.join(root, 'theirs'))]
    const asked: string[] = []
    const server = await serve(theirs, async (url) => { asked.push(url.pathname); return [200, ''] })
    const folder = path.join(root, 'etc/system-cloud')
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'ca.pem'), ours.pem)
    writeFileSync(path.join(folder, 'agent.json'), JSON.stringify({ url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, machineId: 'm1', generation: 3, secret: 'once' }))
    const controller = new AbortController()
    const said: string[] = []
    const ended = runAgent({ folder, version: 'test', host: host(runCommand), log: (line) => said.push(line), signal: controller.signal, followJournal: false })
    await until(() => said.length > 0)
    controller.abort()
    await ended
    expect(asked).toEqual([])
    expect(existsSync(path.join(folder, 'agent.crt'))).toBe(false)
    server.close()
  }, 20_000)
})

async function until(true_: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!true_()) {
    if (Date.now() > deadline) throw new Error('it did not come true within 15 s')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

interface TestCa { readonly pem: string; readonly server: { cert: string; key: string }; sign(csr: string): string }

/** A CA made by openssl, with a server certificate for 127.0.0.1. */
function makeCa(folder: string): TestCa {
  mkdirSync(folder)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test CA', '-days', '2')
  writeFileSync(path.join(folder, 'san.cnf'), 'subjectAltName=IP:127.0.0.1\n')
  const sign = (csr: string) => {
    writeFileSync(path.join(folder, 'in.csr'), csr)
    openssl('x509', '-req', '-in', 'in.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '400', '-extfile', 'san.cnf', '-out', 'out.pem')
    return read('out.pem')
  }
  openssl('req', ...ec, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server')
  return { pem: read('ca.pem'), server: { cert: sign(read('server.csr')), key: read('server.key') }, sign }
}

async function serve(ca: TestCa, answer: (url: URL, body: string, certified: boolean) => Promise<[number, string]>): Promise<Server> {
  const server = createServer({ ...ca.server, ca: ca.pem, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    let body = ''
    request.on('data', (chunk) => { body += String(chunk) })
    request.on('end', () => void answer(new URL(request.url ?? '/', 'https://x'), body, (request.socket as TLSSocket).authorized).then(([status, text]) => response.writeHead(status).end(text)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
