import type { z } from 'zod'
import type { App, AppInstance } from '#contract/operator-api'
import { hearManager } from '#control/cloud/hear-manager'
import type { CloudMachine } from '#control/roles/role'
import type { BalancerSight } from './balancer-stats.ts'
import type { BalancerDoor } from './deps.ts'
import { judgeRunning } from './judge-running.ts'
import type { StoredApp } from './stored-app.ts'

const over = new Set(['shutdown', 'complete', 'remove', 'orphaned'])

/**
 * What the Swarm says of an app: its instances now, and those that failed lately (five at most). `node` ids become machine names. Managers
 * go on telling of an instance as running for a while after its machine is gone: here it is `unreachable`.
 */
export function readAppInstances(app: string, manager: CloudMachine | undefined, machines: readonly CloudMachine[]): (z.infer<typeof AppInstance> & { image: string })[] {
  const nodes = new Map((manager?.report?.swarm?.nodes ?? []).map((node) => [node.id, node]))
  const names = new Map(machines.flatMap((m) => (m.report?.swarm?.nodeId ? [[m.report.swarm.nodeId, m.name]] : [])))
  let failures = 0
  return (manager?.report?.instances ?? [])
    .filter((i) => i.service === app && !over.has(i.state) && (!isFailed(i.state) || (failures += 1) <= 5))
    .map((i) => {
      const node = nodes.get(i.node)
      const isGone = i.state === 'running' && node !== undefined && node.state !== 'ready'
      const machineName = names.get(i.node) ?? node?.hostname ?? i.node
      return { id: i.id, machineName, state: isGone ? 'unreachable' : i.state, error: isGone ? `the Swarm sees ${machineName} as ${node.state}` : i.error, since: i.at, image: i.image }
    })
}

/** Whether an instance ended badly. */
const isFailed = (state: string): boolean => state === 'failed' || state === 'rejected'

/** What became of an app's data when the Manager that held it was installed anew, as sentences. Its image is sent again by itself. */
function lostData(home: string, machines: readonly CloudMachine[]): string[] {
  const present = machines.flatMap((m) => (m.role === 'manager' && m.report?.swarm?.nodeId ? [m.report.swarm.nodeId] : []))
  return home === '' || present.length === 0 || present.includes(home) ? [] : ['The Manager that held its database was installed anew since it was deployed: the database began empty. Deploy it again, or restore its data.']
}

/** An app as operators see it. `balancer`: what the load balancer finds of it, undefined where that is not known. */
export function viewApp(stored: StoredApp, domain: string, machines: readonly CloudMachine[], door: BalancerDoor, balancer: BalancerSight | undefined, nowMs: number): App {
  const { name, latest } = stored
  const { manager, blindness } = hearManager(machines, nowMs)
  const instances = readAppInstances(name, manager, machines)
  const now = judgeRunning({ instances: instances.filter(({ image }) => image === stored.running?.image), wanted: stored.running?.replicas ?? latest.replicas, blindness, balancer })
  return {
    name, version: latest.version, runtime: latest.runtime, domain: `${name}.${domain}`, ...reach(name, `${name}.${domain}`, door), ...present(stored, now), instancesWanted: latest.replicas,
    instances: instances.map(({ id, machineName, state, error, since }) => ({ id, machineName, state, error, since })), seenAt: manager?.reportedAtMs == null ? null : new Date(manager.reportedAtMs).toISOString(),
    deployedAt: latest.deployedAt, warnings: [...latest.warnings, ...lostData(stored.home, machines)],
  }
}

/** How its deploy ended is what counts until it serves; from then on, what really runs. One that was given up and serves after all, serves. */
function present({ state, detail, running, latest }: StoredApp, now: ReturnType<typeof judgeRunning>): Pick<App, 'state' | 'detail'> {
  const isLatest = running !== null && running.version === latest.version
  if (state === 'serving' || (state === 'failed' && isLatest && now.state === 'serving')) return now
  return { state, detail }
}

/**
 * How a person reaches an app. Names below `localhost` are the browser's own machine (RFC 6761 6.3), where a lab has its door: they need no
 * name server. Elsewhere the domain must be made to lead to the load balancer.
 */
function reach(name: string, domain: string, { address, loopbackPort }: BalancerDoor): Pick<App, 'url' | 'balancerUrl'> {
  if (loopbackPort !== 0) return { url: `http://${name}.localhost:${loopbackPort}/`, balancerUrl: `http://127.0.0.1:${loopbackPort}/` }
  return { url: `http://${domain}/`, balancerUrl: address === null ? null : `http://${address}/` }
}

/** What a starting app's instances and the door of the cloud come to. `route` is null where the app answered from outside, else why not. */
export function judgeStart(instances: readonly { state: string; error: string; image: string }[], image: string, wanted: number, route: string | null, taskFailure: string | undefined, waitedMs: number): { state: 'starting' | 'serving' | 'failed'; detail: string } {
  const own = instances.filter((i) => i.image === image)
  const running = own.filter((i) => i.state === 'running').length
  const failed = own.filter((i) => isFailed(i.state))
  if (running > 0 && route === null) return { state: 'serving', detail: `${running} of ${wanted} instances run` }
  const trouble = failed[0] === undefined ? taskFailure : `an instance ended: ${failed[0].error || failed[0].state}`
  if (running === 0 && failed.length >= 3) return { state: 'failed', detail: trouble ?? '' }
  if (waitedMs > 900_000 || (taskFailure !== undefined && waitedMs > 180_000)) return { state: 'failed', detail: trouble ?? (running > 0 ? (route ?? '') : 'no instance was running within 15 minutes') }
  if (running > 0) return { state: 'starting', detail: `${running} of ${wanted} instances run; ${route ?? ''}` }
  return { state: 'starting', detail: trouble ?? (own.length === 0 ? 'waiting for the Manager to place instances' : `instances are ${[...new Set(own.map((i) => i.state))].join(', ')}`) }
}
