import { expect, test } from 'vitest'
import { sampleContext } from '#control/roles/sample-cloud'
import { viewApp } from './app-view.ts'
import { parseStoredApp } from './stored-app.ts'

const { machines, apps } = sampleContext('m1')
const stored = parseStoredApp(apps[0]?.value)
const metrics = { load1: 0, memoryTotalBytes: 0, memoryAvailableBytes: 0, diskTotalBytes: 0, diskFreeBytes: 0, uptimeSeconds: 0 }
const swarm = (nodeId: string) => ({ nodeId, role: 'manager' as const, workerToken: '', managerToken: '', nodes: [] })
const on = (nodeId: string) => machines.map((m) => (m.id === 'm1' ? { ...m, report: { generation: 3, etag: '', bootId: '', version: '', tasks: [], instances: [], metrics, swarm: swarm(nodeId) } } : m))
const warnings = (home: string, present: typeof machines): string => viewApp({ ...stored, home }, 'lab.test', present, { address: null, loopbackPort: 0 }).warnings.join(' ')

test('an app says that its Manager was installed anew, and says nothing while nobody knows better', () => {
  expect(warnings('old-node', on('new-node'))).toContain('the database began empty')
  expect(warnings('old-node', on('old-node'))).toBe('')
  expect(warnings('', on('new-node'))).toBe('')
  expect(warnings('old-node', machines)).toBe('')
})
