import { expect, test } from 'vitest'
import { sampleContext } from '../../../test/sim/sample-cloud.ts'
import { viewApp } from './app-view.ts'
import { parseStoredApp } from './stored-app.ts'

const { machines, apps } = sampleContext('m1')
const stored = parseStoredApp(apps[0]?.value)
const metrics = { load1: 0, memoryTotalBytes: 0, memoryAvailableBytes: 0, diskTotalBytes: 0, diskFreeBytes: 0, uptimeSeconds: 0 }
const swarm = (nodeId: string) => ({ nodeId, role: 'manager' as const, workerToken: '', managerToken: '', nodes: [] })
const on = (nodeId: string) => machines.map((m) => (m.id === 'm1' ? { ...m, report: { generation: 3, etag: '', bootId: '', version: '', tasks: [], instances: [], metrics, swarm: swarm(nodeId) } } : m))
const door = { address: null, loopbackPort: 0 }
const warnings = (home: string, present: typeof machines): string => viewApp({ ...stored, home }, 'lab.test', present, door, undefined, 0).warnings.join(' ')

test('an app says that its Manager was installed anew, and says nothing while nobody knows better', () => {
  expect(warnings('old-node', on('new-node'))).toContain('the database began empty')
  expect(warnings('old-node', on('old-node'))).toBe('')
  expect(warnings('', on('new-node'))).toBe('')
  expect(warnings('old-node', machines)).toBe('')
})

const image = '10.77.0.11:5000/apps@sha256:00'
const instance = (id: string, node: string, state = 'running', error = '') => ({ service: 'guestbook', id, node, state, error, image, at: '2026-01-02T03:04:05.000Z' })
/** The sample's Manager as it told at `reportedAtMs` of its nodes' states and of instances. */
const told = (reportedAtMs: number, nodes: Record<string, string>, instances: ReturnType<typeof instance>[]) => on('n1').map((m) => (m.report === null ? m : {
  ...m, reportedAtMs, report: { ...m.report, instances, swarm: { ...swarm('n1'), nodes: Object.entries(nodes).map(([id, state]) => ({ id, hostname: id, state, availability: 'active' })) } },
}))
const seen = (nowMs: number, ...[at, nodes, instances]: Parameters<typeof told>) => viewApp({ ...stored, state: 'serving', detail: '2 of 2 instances run' }, 'lab.test', told(at, nodes, instances), door, undefined, nowMs)

test('an app that served yesterday is shown as what it is now', () => {
  const both = [instance('a', 'n2'), instance('b', 'n3')]
  expect(seen(1000, 1000, { n2: 'ready', n3: 'ready' }, both)).toMatchObject({ state: 'serving', detail: '2 of 2 instances run', seenAt: '1970-01-01T00:00:01.000Z' })
  expect(seen(1000, 1000, { n2: 'ready', n3: 'down' }, both)).toMatchObject({ state: 'serving', detail: '1 of 2 instances run: an instance is unreachable: the Swarm sees n3 as down', instances: [{ state: 'running' }, { state: 'unreachable' }] })
  // After a power cut: the managers' store has the instances as running still, and their machines as unknown.
  expect(seen(1000, 1000, { n2: 'unknown', n3: 'unknown' }, both)).toMatchObject({ state: 'down', detail: '0 of 2 instances run: an instance is unreachable: the Swarm sees n2 as unknown' })
  expect(seen(1000, 1000, { n2: 'ready', n3: 'ready' }, [instance('a', 'n2', 'failed', 'task: non-zero exit (255)')])).toMatchObject({ state: 'down', detail: '0 of 2 instances run: an instance has failed: task: non-zero exit (255)' })
  expect(seen(100_000, 1000, { n2: 'ready', n3: 'ready' }, both)).toMatchObject({ state: 'unknown', detail: 'node-m1 was last heard of at 00:00:01 UTC' })
})

test('an app that was given up and serves after all is shown as serving; one whose newest version failed is not', () => {
  const machines = told(0, { n2: 'ready' }, [instance('a', 'n2'), instance('b', 'n2')])
  const failed = { ...stored, state: 'failed' as const, detail: 'no instance was running within 15 minutes' }
  expect(viewApp(failed, 'lab.test', machines, door, { up: 1, trouble: '' }, 0)).toMatchObject({ state: 'serving', detail: '2 of 2 instances run' })
  expect(viewApp({ ...failed, latest: { ...failed.latest, version: 'v2' } }, 'lab.test', machines, door, { up: 1, trouble: '' }, 0)).toMatchObject({ state: 'failed', detail: failed.detail })
  expect(viewApp(failed, 'lab.test', machines, door, { up: 0, trouble: 'x' }, 0)).toMatchObject({ state: 'failed' })
})
