import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Task } from '#contract/agent-api'
import { renderErrorPage, renderHaproxy, renderHosts } from './haproxy.ts'
import { roles } from './index.ts'
import { sampleContext, sampleMachine } from '../../../test/sim/sample-cloud.ts'
import { swarmHealth } from './verify.ts'
import { cloudFacts } from '#control/cloud/facts'

const fixtures = path.join(import.meta.dirname, '../../../test/fixtures/roles')
const render = (id: string, role: string) => (roles.find(role)?.tasks(sampleContext(id)) ?? []).map((task) => JSON.stringify(task, null, 1)).join('\n') + '\n'

describe('roles', () => {
  test.each([['m1', 'manager'], ['m2', 'appserver']])('tasks of %s as %s', async (id, role) => {
    await expect(render(id, role)).toMatchFileSnapshot(path.join(fixtures, `${role}-tasks.txt`))
  })

  test.each(roles.entries.map((role) => [role.id, role] as const))('%s: same facts, same valid tasks, ids used once', (_, role) => {
    const tasks = role.tasks(sampleContext('m1'))
    expect(role.tasks(sampleContext('m1'))).toEqual(tasks)
    expect(new Set(tasks.map((t) => t.id)).size).toBe(tasks.length)
    for (const task of tasks) expect(Task.parse(task)).toEqual(task)
  })

  test('a Manager that is written anew is said to begin with an empty database, one that goes on is not', () => {
    const warnings = (phase: 'ready' | 'failed'): string => {
      const context = sampleContext('m1')
      const machine = { ...context.machine, phase }
      return roles.find('manager')?.warnings?.({ ...context, machine, machines: [machine, ...context.machines.slice(1)] }).join(' ') ?? ''
    }
    expect(warnings('failed')).toContain('begins empty, also for guestbook')
    expect(warnings('ready')).toBe('')
  })

  test('an AppServer is refused while there is no Manager, and allowed while one is being deployed', () => {
    const context = sampleContext('m2')
    const appserver = roles.find('appserver')
    const withManager = (phase: 'failed' | 'deploying') => ({ ...context, machines: context.machines.map((m) => (m.id === 'm1' ? { ...m, phase } : m)) })
    expect(appserver?.refusals?.(withManager('failed'))).toEqual(['There is no Manager: assign a Manager first.'])
    expect(appserver?.refusals?.(withManager('deploying'))).toEqual([])
  })

  test('an AppServer waits without a swarm task until the token is known', () => {
    const tasks = roles.find('appserver')?.tasks(sampleContext('m2', new Map([['cloud.primary', 'm1']]))) ?? []
    expect(tasks.map((t) => t.kind)).not.toContain('swarm')
  })

  test('a reported token is remembered for the generation that reported it', () => {
    const settings = new Map<string, string>()
    const context = sampleContext('m2', settings)
    const metrics = { load1: 0, memoryTotalBytes: 0, memoryAvailableBytes: 0, diskTotalBytes: 0, diskFreeBytes: 0, uptimeSeconds: 0 }
    const swarm = { nodeId: 'n1', role: 'manager' as const, workerToken: 'W', managerToken: 'M', nodes: [{ id: 'n2', hostname: 'x', state: 'down', availability: 'active' }] }
    const report = { generation: 3, etag: '', bootId: '', version: '', tasks: [], instances: [], metrics, swarm }
    const reported = { ...context, machines: context.machines.map((m) => (m.id === 'm1' ? { ...m, report } : m)) }
    expect(cloudFacts(reported).tokens).toEqual({ worker: 'W', manager: 'M' })
    expect(cloudFacts(context).tokens).toEqual({ worker: 'W', manager: 'M' })
    expect(cloudFacts({ ...context, machines: context.machines.map((m) => ({ ...m, generation: 4 })) }).tokens).toEqual({ worker: '', manager: '' })
    const worker = { ...sampleMachine('m2', 'appserver', '10.77.0.12'), report: { ...report, swarm: { ...swarm, nodeId: 'n2', role: 'worker' as const } } }
    expect(swarmHealth(worker, cloudFacts(reported), 'worker', 0)).toBe('the Swarm sees the node as down')
    expect(swarmHealth(worker, cloudFacts(reported), 'worker', 60_000)).toBe('node-m1 was last heard of at 00:00:00 UTC')
  })

  test('the database lets in every network in which the cloud stands, and no other', () => {
    const tasks = roles.find('manager')?.tasks({ ...sampleContext('m1'), cidrs: ['10.77.0.0/24', '10.99.0.0/24'] }) ?? []
    const access = tasks.find((task) => task.id === 'database-access')
    expect(access?.kind === 'file' && access.content.split('\n').filter((line) => line.startsWith('host'))).toEqual(['host all all 127.0.0.1/32 scram-sha-256', 'host all all 10.77.0.0/24 scram-sha-256', 'host all all 10.99.0.0/24 scram-sha-256'])
  })

  test('HAProxy itself takes the configuration', () => {
    if (spawnSync('/usr/sbin/haproxy', ['-v']).error !== undefined) throw new Error('haproxy is missing: run scripts/install test')
    const folder = mkdtempSync(path.join(tmpdir(), 'sc-haproxy-'))
    const paths = { config: path.join(folder, 'haproxy.cfg'), hosts: path.join(folder, 'hosts.map'), busy: path.join(folder, '503.http'), nobody: path.join(folder, '404.http') }
    const routes = [{ app: 'guestbook', domain: 'guestbook.lab.test', alias: 'guestbook.localhost', port: 30000, healthPath: '/', servers: [{ name: 'a', address: '10.77.0.12' }] }]
    writeFileSync(paths.config, renderHaproxy(routes, ['10.77.0.0/24', '10.99.0.0/24'], paths))
    writeFileSync(paths.hosts, renderHosts(routes))
    writeFileSync(paths.busy, renderErrorPage('503 Service Unavailable', 'Busy', 'Wait.'))
    writeFileSync(paths.nobody, renderErrorPage('404 Not Found', 'Nobody', 'Look.'))
    const checked = spawnSync('/usr/sbin/haproxy', ['-c', '-f', paths.config], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect(checked.stderr.replaceAll(/^\[NOTICE\].*\n/gm, '')).toBe('')
    expect(checked.status).toBe(0)
  })
})
