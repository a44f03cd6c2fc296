import type { BalancerSight } from './balancer-stats.ts'

/** What is known of an app that was deployed. `instances` are those of the version that is to run, newest first. */
export interface RunningFacts {
  readonly instances: readonly { readonly state: string; readonly error: string }[]
  readonly wanted: number
  /** Why the instances cannot be known now, as a clause; null where they are. */
  readonly blindness: string | null
  /** What the load balancer finds, undefined where it was not asked lately. */
  readonly balancer: BalancerSight | undefined
}

/** Whether an app that was deployed serves now, and why not. A report that is too old is no knowledge; the load balancer's own look is. Pure. */
export function judgeRunning({ instances, wanted, blindness, balancer }: RunningFacts): { state: 'serving' | 'down' | 'unknown'; detail: string } {
  const count = `${instances.filter((one) => one.state === 'running').length} of ${wanted} instances run`
  if (blindness !== null) {
    if (balancer === undefined) return { state: 'unknown', detail: blindness }
    if (balancer.up === 0) return { state: 'down', detail: `${balancer.trouble}; ${blindness}` }
    return { state: 'serving', detail: `it answers; how many instances run is not known: ${blindness}` }
  }
  if (!instances.some((one) => one.state === 'running')) return { state: 'down', detail: `${count}: ${explain(instances)}` }
  if (balancer !== undefined && balancer.up === 0) return { state: 'down', detail: `${count}, but ${balancer.trouble}` }
  return { state: 'serving', detail: instances.filter((one) => one.state === 'running').length < wanted ? `${count}: ${explain(instances)}` : count }
}

/** Why not all of them run: what the others are doing, and the newest one's own words. */
function explain(instances: RunningFacts['instances']): string {
  const others = instances.filter((one) => one.state !== 'running')
  const told = others.find((one) => one.error !== '')
  const quiet = [...new Set(others.filter((one) => one.error === '').map((one) => one.state))]
  const parts = [...(quiet.length === 0 ? [] : [`others are ${quiet.join(', ')}`]), ...(told === undefined ? [] : [`an instance ${told.state === 'failed' || told.state === 'rejected' ? 'has' : 'is'} ${told.state}: ${told.error}`])]
  return parts.length === 0 ? 'waiting for the Manager to place instances' : parts.join('; ')
}
