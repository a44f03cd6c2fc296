import { setTimeout as wait } from 'node:timers/promises'
import type { StepWorld } from '../execute/step.ts'
import type { Reconciler } from '../plan/reconcile.ts'
import { moved } from './phase.ts'
import type { MachineRecord } from './record.ts'
import type { Registry } from './registry.ts'

/** What watching needs. */
export interface WatchDeps { readonly registry: Registry; readonly world: StepWorld; readonly reconciler: Reconciler; look(signal: AbortSignal): Promise<void>; onBroken(error: unknown): void; now(): number }

const tickMs = 5000
/** After a start of control, agents get this long to be heard of before they count as silent. */
const graceMs = 60_000

/** What time alone brings about: deadlines of phases, silence of agents, services that stop answering. Runs until `signal` aborts. */
export async function watchMachines(deps: WatchDeps, signal: AbortSignal): Promise<void> {
  const startedMs = deps.now()
  for (let tick = 0; !signal.aborted; tick += 1) {
    try {
      for (const machine of deps.registry.all()) await watch(deps, machine, deps.now() - startedMs > graceMs)
      if (tick % 3 === 0) await deps.look(signal)
      if (tick % 4 === 3) await verifyAll(deps, signal)
    } catch (error) {
      if (!signal.aborted) deps.onBroken(error) // the next tick looks again
    }
    await wait(tickMs, undefined, { signal }).catch(() => undefined)
  }
}

async function watch(deps: WatchDeps, machine: MachineRecord, mayBeSilent: boolean): Promise<void> {
  const { registry, now } = deps
  const { id } = machine
  if (machine.phaseDeadline !== null && Date.parse(machine.phaseDeadline) < now()) {
    await registry.change(id, (m) => ({ ...m, phaseDeadline: null, ...(m.phase === 'seen' ? { problem: 'It asked to boot but never said what it is: look at its screen and its log.' } : {}) }),
      { machineId: id, kind: 'phase.overdue', level: 'warn', text: `It has been ${machine.phase} for longer than it may`, data: { phase: machine.phase } })
    if (machine.phase !== 'seen') deps.reconciler.fail(id, `the machine was ${machine.phase} for too long`)
  }
  if (mayBeSilent && machine.phase === 'ready' && !deps.world.agents.isAlive(id)) {
    await registry.change(id, (m) => moved(m, 'agent.silent', now()) ?? m, { machineId: id, kind: 'agent.silent', level: 'error', text: 'Its agent is not heard of any more', data: {} })
  }
}

async function verifyAll(deps: WatchDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(deps.registry.all().filter(({ phase }) => phase === 'ready' || phase === 'silent').map(async (machine) => {
    const role = deps.world.role(machine.intent.role ?? '')
    const context = deps.world.roleContext(machine.id)
    if (role === undefined || context === undefined) return
    const services = await role.verify(context, signal)
    const before = new Map(machine.services.map((service) => [service.name, `${service.healthy} ${service.detail}`]))
    if (services.every((service) => before.get(service.name) === `${service.healthy} ${service.detail}`)) return
    deps.world.services(machine.id, services)
  }))
}
