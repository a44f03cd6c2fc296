import { expect, test } from 'vitest'
import type { CloudMachine } from '#control/roles/role'
import { sampleMachine } from '../../../test/sim/sample-cloud.ts'
import { hearManager, staleMs } from './hear-manager.ts'

const metrics = { load1: 0, memoryTotalBytes: 0, memoryAvailableBytes: 0, diskTotalBytes: 0, diskFreeBytes: 0, uptimeSeconds: 0 }
const manager = (id: string, reportedAtMs: number, role: 'manager' | '' = 'manager'): CloudMachine =>
  ({ ...sampleMachine(id, 'manager', '10.77.0.11'), reportedAtMs, report: { generation: 3, etag: '', bootId: '', version: '', tasks: [], instances: [], metrics, swarm: role === '' ? null : { nodeId: id, role, workerToken: '', managerToken: '', nodes: [] } } })
const heard = (machines: CloudMachine[], nowMs: number) => { const { manager: found, blindness } = hearManager(machines, nowMs); return [found?.id, blindness] }

test('a Manager counts while its word is fresh, and the freshest one is heard', () => {
  expect(heard([manager('m1', 1000)], 1000 + staleMs)).toEqual(['m1', null])
  expect(heard([manager('m1', 1000)], 1001 + staleMs)).toEqual(['m1', 'node-m1 was last heard of at 00:00:01 UTC'])
  expect(heard([manager('m1', 1000), manager('m2', 5000)], 6000)).toEqual(['m2', null])
  expect(heard([manager('m1', 1000), manager('m2', 9000, '')], 9000)).toEqual(['m1', null])
  expect(heard([manager('m2', 9000, '')], 9000)).toEqual(['m2', 'Docker on node-m2 does not answer yet'])
  expect(heard([sampleMachine('m1', 'manager', '10.77.0.11')], 9000)).toEqual([undefined, 'no Manager has reported yet'])
  expect(heard([], 9000)).toEqual([undefined, 'there is no Manager'])
})
