import { readFile, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { AgentReport, InstanceReport } from '#contract/agent-api'
import type { z } from 'zod'
import { isRecord, mustAsk, type Engine } from './docker-engine.ts'
import type { Host } from './host.ts'
import { readSwarm } from './tasks/swarm.ts'

/** What `/proc` and the root file system say. */
export async function readMetrics(host: Pick<Host, 'root'>): Promise<AgentReport['metrics']> {
  const read = (name: string) => readFile(path.join(host.root, 'proc', name), 'utf8')
  const [load, memory, uptime, disk] = await Promise.all([read('loadavg'), read('meminfo'), read('uptime'), statfs(host.root)])
  const memoryBytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(memory)?.[1] ?? 0) * 1024
  return {
    load1: Number(load.split(' ')[0]), uptimeSeconds: Math.floor(Number(uptime.split(' ')[0])),
    memoryTotalBytes: memoryBytes('MemTotal'), memoryAvailableBytes: memoryBytes('MemAvailable'),
    diskTotalBytes: disk.blocks * disk.bsize, diskFreeBytes: disk.bavail * disk.bsize,
  }
}

/** This boot's id, a UUID that the kernel makes. */
export const readBootId = async (host: Pick<Host, 'root'>): Promise<string> => (await readFile(path.join(host.root, 'proc/sys/kernel/random/boot_id'), 'utf8')).trim()

/** The Swarm as this machine sees it: tokens, nodes and instances where it is a manager. Null where Docker is in no Swarm. */
export async function readCluster(engine: Engine): Promise<{ swarm: AgentReport['swarm']; instances: AgentReport['instances'] }> {
  const self = await readSwarm({ engine })
  if (self.state === 'inactive') return { swarm: null, instances: [] }
  if (!self.manager) return { swarm: { nodeId: self.nodeId, role: self.state === 'active' ? 'worker' : '', workerToken: '', managerToken: '', nodes: [] }, instances: [] }
  const [swarm, nodes, services, tasks] = await Promise.all(['/swarm', '/nodes', '/services', '/tasks'].map((resource) => mustAsk(engine, 'GET', resource)))
  const tokens = field(swarm, 'JoinTokens')
  return {
    swarm: {
      nodeId: self.nodeId, role: 'manager', workerToken: text(tokens, 'Worker'), managerToken: text(tokens, 'Manager'),
      nodes: list(nodes).map((node) => ({ id: text(node, 'ID'), hostname: text(field(node, 'Description'), 'Hostname'), state: text(field(node, 'Status'), 'State'), availability: text(field(node, 'Spec'), 'Availability') })),
    },
    instances: readInstances(list(services), list(tasks)),
  }
}

/** Instances as `docker service ps` would list them, newest first, 800 at most (a report may hold 512 KiB); `node` is a node id. */
function readInstances(services: readonly unknown[], tasks: readonly unknown[]): z.infer<typeof InstanceReport>[] {
  const names = new Map(services.map((service) => [text(service, 'ID'), text(field(service, 'Spec'), 'Name')]))
  return tasks
    .flatMap((task) => {
      const service = names.get(text(task, 'ServiceID'))
      if (service === undefined) return []
      const status = field(task, 'Status')
      const observed = text(status, 'State')
      const state = text(task, 'DesiredState') === 'shutdown' && observed === 'running' ? 'shutdown' : observed
      const image = text(field(field(task, 'Spec'), 'ContainerSpec'), 'Image')
      return [{ service, id: text(task, 'ID'), node: text(task, 'NodeID'), state, error: text(status, 'Err').slice(0, 300), image, at: text(status, 'Timestamp') }]
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, 800)
}

const field = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
function text(value: unknown, name: string): string {
  const found = field(value, name)
  return typeof found === 'string' ? found : ''
}
