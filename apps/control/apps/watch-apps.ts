import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '#contract/operator-api'
import { staleMs } from '#control/cloud/hear-manager'
import { fetchBalancerStats, parseBalancerStats, type BalancerSight } from './balancer-stats.ts'
import type { AppDeps } from './deps.ts'

/** What was last seen at the load balancer, of all apps. */
export interface BalancerWatch {
  /** What it finds of an app; undefined where it was not asked lately, or there is none. */
  sight(app: string, nowMs: number): BalancerSight | undefined
  took(answer: { csv: string } | { trouble: string } | undefined, nowMs: number): void
}

/** A watch that has seen nothing yet. */
export function balancerWatch(): BalancerWatch {
  let last: { apps: Map<string, BalancerSight>; trouble: string | undefined; atMs: number } | undefined
  return {
    sight(app, nowMs) {
      if (last === undefined || nowMs - last.atMs > staleMs) return undefined
      return last.apps.get(app) ?? { up: 0, trouble: last.trouble ?? 'the load balancer does not know it yet' }
    },
    took(answer, nowMs) {
      last = answer === undefined ? undefined : { apps: 'csv' in answer ? parseBalancerStats(answer.csv) : new Map(), trouble: 'trouble' in answer ? answer.trouble : undefined, atMs: nowMs }
    },
  }
}

const everyMs = 3000

/**
 * Looks at the load balancer and at every app again and again: browsers hear of what has changed, also where only time did it, and the
 * journal of each app that stops or begins to serve again. Runs until `signal` aborts.
 */
export async function watchApps(deps: AppDeps, view: () => readonly App[], signal: AbortSignal): Promise<void> {
  const judge = outages()
  let shown = ''
  while (!signal.aborted) {
    const { address } = deps.door()
    deps.balancer.took(address === null || deps.apps.list().length === 0 ? undefined : await fetchBalancerStats(address, signal), deps.now())
    const apps = view()
    for (const { app, isDown } of judge(apps)) {
      const text = isDown ? `App ${app.name} does not serve: ${app.detail}` : `App ${app.name} serves again`
      deps.record({ machineId: null, kind: isDown ? 'app.down' : 'app.recovered', level: isDown ? 'error' : 'info', text: text.slice(0, 1000), data: { app: app.name, version: app.version } })
    }
    const now = JSON.stringify(apps.map(({ name, state, detail }) => [name, state, detail]))
    if (now !== shown) deps.redraw()
    shown = now
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Tells which apps have begun or ceased to be down: once each, and only what two looks in a row have found. */
export function outages(): (apps: readonly App[]) => { app: App; isDown: boolean }[] {
  const down = new Set<string>()
  const before = new Map<string, App['state']>()
  return (apps) => apps.flatMap((app) => {
    const isSure = before.get(app.name) === app.state
    before.set(app.name, app.state)
    if (!isSure || (app.state !== 'down' && app.state !== 'serving') || (app.state === 'down') === down.has(app.name)) return []
    if (app.state === 'down') down.add(app.name)
    else down.delete(app.name)
    return [{ app, isDown: app.state === 'down' }]
  })
}
