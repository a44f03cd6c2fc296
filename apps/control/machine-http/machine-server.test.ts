import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AgentReport } from '#contract/agent-api'
import { openAuthority, type Authority } from '../ca/authority.ts'
import { orderDesk } from '../machines/ramdisk/orders.ts'
import type { AgentLine, MachineDeps } from './deps.ts'
import { makeMachineServer } from './machine-server.ts'

const mac = '52:54:00:77:00:01'
const token = 'ab'.repeat(32)
const facts = ['firmware\tbios', 'secureboot\t0', 'kernel\t6.12', 'cpu.model\tNehalem', 'cpu.count\t1', 'cpu.arch\tx86_64', 'mem.kb\t2000000', `bootif\t${mac}`, 'dmi.product_uuid\t5c10ad00-0000-4000-8000-525400770001', 'dmi.sys_vendor\tQEMU', 'dmi.product_name\tLab', 'dmi.product_serial\tS', 'nic\teth0', `nic.mac\t${mac}`, 'nic.link\t1', ''].join('\n')

let folder: string
let authority: Authority
let app: FastifyInstance
let agent: { cert: string; key: string }
let revoked: boolean
let owned: boolean
let lines: AgentLine[]
let reports: AgentReport[]
let from: string[]
let reached: string[]
// Its grace after a start is over.
let clock = 0
const desk = orderDesk(() => (clock += 60_000))

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'machine-server-'))
  authority = await openAuthority(folder)
  execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path.join(folder, 'k'), '-out', path.join(folder, 'r'), '-subj', '/CN=x'], { stdio: 'ignore' })
  const signed = await authority.signAgent(readFileSync(path.join(folder, 'r'), 'utf8'), { commonName: 'm1', dns: [], ips: [] })
  if (!signed.ok) throw new Error('signing')
  agent = { cert: signed.value.cert, key: readFileSync(path.join(folder, 'k'), 'utf8') }
  const deps: MachineDeps = {
    facts: async (_, given) => (given === token ? { kind: 'taken' } : { kind: 'held', why: 'another live machine has this MAC: a person must decide' }),
    owner: (_, given) => (owned && given === token ? 'm1' : undefined),
    heardFrom: (id, address) => void from.push(`${id} ${address}`), reachedAt: (id, address) => void reached.push(`${id} at ${address}`),
    takeOrder: (id, _, signal) => desk.take(id, 200, signal), reportOrder: (id, order, report) => desk.report(id, order, report),
    chunkList: (_, order) => (order === 'o1' ? 'aa 1 0 4 root\n' : undefined), filesTar: async (_, order) => (order === 'o1' ? Buffer.from('tar') : undefined),
    enrol: async (request) => (request.secret === 'right' ? { kind: 'enrolled', response: { certificate: 'c', ca: 'a' } } : { kind: 'refused', why: 'this secret was used or is too old' }),
    renew: async (_, csr) => (csr === 'same key' ? { kind: 'enrolled', response: { certificate: 'c2', ca: 'a' } } : { kind: 'refused', why: 'another key' }),
    isRevoked: () => revoked, target: async (_, etag) => (etag === 'e1' ? undefined : { machineId: 'm1', generation: 1, etag: 'e1', hostname: 'n', names: [], tasks: [] }),
    report: (_, report) => void reports.push(report), hasApp: (name) => name === 'guestbook', agentLog: (_, more) => void lines.push(...more),
  }
  app = makeMachineServer(deps, { tls: { ...await authority.own('server', { commonName: 'appliance', dns: [], ips: ['127.0.0.1'] }), ca: authority.pem }, log: pino({ level: 'silent' }) })
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  [revoked, owned, lines, reports, from, reached] = [false, true, [], [], [], []]
})

function ask(method: string, route: string, body = '', options: { token?: string; cert?: boolean } = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request({ host: '127.0.0.1', port: (app.server.address() as AddressInfo).port, method, path: route, ca: authority.pem, agent: false, ...(options.cert === true ? agent : {}), headers: { authorization: `Bearer ${options.token ?? token}`, 'content-length': Buffer.byteLength(body) } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => { text += part }).on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('a ramdisk', () => {
  it('posts facts and owns its MAC; a second live one is held and given nothing', async () => {
    expect(await ask('POST', `/ramdisk/${mac}/facts`, facts)).toMatchObject({ status: 204 })
    expect(await ask('POST', `/ramdisk/${mac}/facts`, facts, { token: 'cd'.repeat(32) })).toMatchObject({ status: 409, text: expect.stringContaining('a person must decide') as string })
    await ask('GET', `/ramdisk/${mac}/order`)
    expect(from).toEqual(['m1 127.0.0.1'])
    owned = false
    for (const route of ['order', 'orders/o1/chunks', 'orders/o1/files.tar']) expect((await ask('GET', `/ramdisk/${mac}/${route}`)).status).toBe(401)
  })

  it.each([
    ['no facts', '', 'The facts do not make an inventory: '], ['half a disk', `${facts}disk.size\tx\n`, 'disk.size must follow a "disk" line.\n'],
    ['no firmware', facts.replace('bios', 'magic'), 'The facts do not make an inventory: firmware: '], ['bytes', '\u0000\u0001\u0002', 'Line 1 of the facts is not "key<TAB>value".\n'],
  ])('is told in words what is wrong with %s', async (_, text, sentence) => {
    expect(await ask('POST', `/ramdisk/${mac}/facts`, text)).toMatchObject({ status: 400, text: expect.stringContaining(sentence) as string })
  })

  it('must send a proper token and MAC', async () => {
    expect((await ask('POST', `/ramdisk/${mac}/facts`, facts, { token: 'short' })).status).toBe(400)
    expect((await ask('POST', '/ramdisk/nonsense/facts', facts)).status).toBe(400)
    expect((await ask('POST', `/ramdisk/${mac}/facts`, 'x'.repeat(600_000))).status).toBe(413)
  })

  it('takes an order, reports it and stops one that is no longer wanted', async () => {
    expect((await ask('GET', `/ramdisk/${mac}/order`)).status).toBe(204)
    const seen: (number | null)[] = []
    const given = desk.give('m1', { id: 'o1', kind: 'writeImage', generation: 3, fields: { disk: 'serial:S', image: 'debian-13' } }, new AbortController().signal, (report) => seen.push(report.bytesDone))
    expect((await ask('GET', `/ramdisk/${mac}/order`)).text).toBe('id=o1\nkind=writeImage\ngeneration=3\ndisk=serial:S\nimage=debian-13\n')
    expect((await ask('GET', `/ramdisk/${mac}/orders/o1/chunks`)).text).toBe('aa 1 0 4 root\n')
    expect((await ask('POST', `/ramdisk/${mac}/orders/o1`, 'status=running\nbytesDone=5\nbytesTotal=9\n')).status).toBe(204)
    expect((await ask('POST', `/ramdisk/${mac}/orders/o1`, 'status=maybe\n')).status).toBe(400)
    expect((await ask('POST', `/ramdisk/${mac}/orders/o2`, 'status=done\n')).status).toBe(410)
    expect((await ask('POST', `/ramdisk/${mac}/orders/o1`, 'status=done\n')).status).toBe(204)
    await given
    expect(seen).toEqual([5, null])
    expect((await ask('POST', `/ramdisk/${mac}/orders/o1`, 'status=done\n')).status).toBe(410)
  })
})

describe('an agent', () => {
  const report = JSON.stringify({ generation: 1, etag: 'e1', bootId: 'b', version: '1', tasks: [], swarm: null, metrics: { load1: 0, memoryTotalBytes: 1, memoryAvailableBytes: 1, diskTotalBytes: 1, diskFreeBytes: 1, uptimeSeconds: 1 } })

  it('enrols with its secret, once', async () => {
    const request = { machineId: 'm1', generation: 1, csr: 'csr' }
    expect((await ask('POST', '/agent/enrol', JSON.stringify({ ...request, secret: 'right' }))).status).toBe(200)
    expect(await ask('POST', '/agent/enrol', JSON.stringify({ ...request, secret: 'wrong' }))).toMatchObject({ status: 403, text: expect.stringContaining('was used') as string })
    expect((await ask('POST', '/agent/enrol', '{')).status).toBe(400)
  })

  it('gets its target and reports with its certificate only', async () => {
    expect((await ask('GET', '/agent/target')).status).toBe(401)
    expect((await ask('POST', '/agent/report', report)).status).toBe(401)
    expect([from, reached]).toEqual([[], []])
    expect(JSON.parse((await ask('GET', '/agent/target', '', { cert: true })).text)).toMatchObject({ machineId: 'm1', etag: 'e1' })
    expect((await ask('GET', '/agent/target?etag=e1', '', { cert: true })).status).toBe(304)
    expect((await ask('POST', '/agent/report', report, { cert: true })).status).toBe(204)
    expect((await ask('POST', '/agent/report', '{}', { cert: true })).status).toBe(400)
    expect(reports).toHaveLength(1)
    expect([new Set(from), new Set(reached)]).toEqual([new Set(['m1 127.0.0.1']), new Set(['m1 at 127.0.0.1'])])
    revoked = true
    expect((await ask('GET', '/agent/target', '', { cert: true })).status).toBe(401)
  })

  it('sends log lines; what is no line is passed over', async () => {
    const line = { at: '2026-01-01T00:00:00Z', source: 'journal', level: 'info', text: 'started \u001b[31mred' }
    await ask('POST', '/agent/log', `${JSON.stringify(line)}\nnonsense\n{"at":1}\n`, { cert: true })
    expect(lines).toEqual([{ ...line, text: 'started  [31mred' }])
  })

  it('begins no log of an app that nobody deployed', async () => {
    const line = { at: '2026-01-01T00:00:00Z', source: 'app', level: 'info', text: 'hello' }
    await ask('POST', '/agent/log', ['guestbook', ...Array.from({ length: 100 }, (_, n) => `made-up-${n}`)].map((app) => `${JSON.stringify({ ...line, app })}\n`).join(''), { cert: true })
    expect(lines).toEqual([{ ...line, app: 'guestbook' }])
  })
})
