import type { z } from 'zod'
import type { ServiceHealth } from '#contract/operator-api'
import type { CloudFacts } from '#control/cloud/facts'
import { hearManager } from '#control/cloud/hear-manager'
import type { CloudMachine } from './role.ts'

/** Health of one service as the appliance saw it from outside. */
export type Health = z.infer<typeof ServiceHealth>

/** One service's health from a probe's answer: null is healthy, a sentence is why not. */
export const health = (nowMs: number, name: string, trouble: string | null): Health =>
  ({ name, healthy: trouble === null, detail: trouble ?? 'answers', checkedAt: new Date(nowMs).toISOString() })

/**
 * Whether the Swarm counts this machine as a ready node of the wished kind; null when it does, else a sentence.
 * The machine's own word gives only its node id; the state is the managers' word, as long as one is fresh.
 */
export function swarmHealth(machine: CloudMachine, cloud: CloudFacts, kind: 'manager' | 'worker', nowMs: number): string | null {
  const own = machine.report?.swarm
  if (own == null || own.nodeId === '') return 'the machine has not joined the Swarm yet'
  if (own.role !== kind) return `the Swarm has it as ${own.role === '' ? 'no member' : own.role}, not as ${kind}`
  const { manager, blindness } = hearManager(cloud.managers, nowMs)
  if (blindness !== null) return blindness
  const node = manager?.report?.swarm?.nodes.find((n) => n.id === own.nodeId)
  if (node === undefined) return 'no Manager has reported this node yet'
  if (node.state !== 'ready') return `the Swarm sees the node as ${node.state}`
  return node.availability === 'active' ? null : `the node's availability is ${node.availability}`
}
