import type { ImageOf, PlanContext } from './plan-context.ts'
import { isAllowed, type MachineAct } from '#contract/lifecycle'
import type { Plan } from '#contract/operator-api'
import type { StepKind } from '#contract/steps'
import { Refusal } from '../../http/deps.ts'
import { bootOfSteps, remainingSteps, retriedSteps, stepsOfRelease, waitingSteps } from '../../plan/plan-deploy.ts'
import { planRole } from '../../plan/plan-role.ts'
import type { AgentDesk } from '../agents/agents.ts'
import { movedIfLegal } from '../phase.ts'
import type { MachineRecord } from '../record.ts'
import type { Registry } from '../registry.ts'

/** What acts on machines need. */
export interface ActDeps {
  readonly registry: Registry
  readonly agents: AgentDesk
  readonly context: PlanContext
  readonly image: ImageOf
  /** The machine's disk gets another chance to come up. */
  resetDiskBoots(machineId: string): void
  wake(machineId: string): void
  forgotten(machineId: string): Promise<void>
  now(): number
}

/** What operators do to machines. Every act is recorded with who asked for it, and rejects with a `Refusal` where it is not allowed. */
export function machineActs(deps: ActDeps) {
  const { registry, now } = deps
  const present = (id: string): MachineRecord => {
    const machine = registry.get(id)
    if (machine === undefined) throw new Refusal(404, 'The machine was forgotten meanwhile.')
    return machine
  }
  const allow = (machine: MachineRecord, act: MachineAct, words: string): void => {
    if (!isAllowed(act, machine.phase)) throw new Refusal(409, `${machine.name} is ${machine.phase} and cannot be ${words} now.`)
  }
  const plan = (id: string, wish: { role: string; disk?: string | undefined }): Plan => {
    const view = deps.context.view(present(id))
    const role = deps.context.role(wish.role)
    const context = deps.context.roleContext(id)
    const advice = { refusals: context === undefined ? [] : [...(role?.refusals?.(context) ?? [])], warnings: context === undefined ? [] : [...(role?.warnings?.(context) ?? [])] }
    return planRole(view, role, deps.image(role?.imageId ?? ''), wish.disk, advice, wish.role)
  }

  return {
    plan,

    async assign(id: string, wish: { role: string; generation?: number | undefined; disk?: string | undefined }, by: string): Promise<void> {
      const machine = present(id)
      if (wish.generation !== undefined && wish.generation !== machine.intent.generation) throw new Refusal(409, `Somebody changed what is wished of ${machine.name} meanwhile (generation ${machine.intent.generation}, you saw ${wish.generation}): look at the plan again.`)
      const planned = plan(id, wish)
      if (planned.refusals.length > 0) throw new Refusal(409, `${machine.name} cannot become ${wish.role}: ${planned.refusals.join('; ')}.`)
      const kinds = planned.steps.map((step) => step.kind) as StepKind[]
      const keepsDisk = !kinds.includes('writeImage')
      const generation = machine.intent.generation + 1
      deps.resetDiskBoots(id)
      await registry.change(id, (m) => {
        // A silent machine has no arrow of its own for a change of role: it goes the way of one whose agent has just come back.
        const moved = keepsDisk ? movedIfLegal(movedIfLegal(movedIfLegal(m, 'agent.reported', now()), 'role.changed', now()), 'role.changed', now()) : movedIfLegal(m, 'deploy.started', now())
        return {
          ...moved, problem: null, attention: null, services: [], steps: waitingSteps(kinds),
          intent: { generation, role: wish.role, imageId: planned.image.id, diskSerial: planned.disk?.identity ?? m.intent.diskSerial, erase: false, release: false },
        }
      }, { machineId: id, kind: 'role.assigned', level: 'info', text: `${by} assigned the role ${wish.role}`, data: { role: wish.role, generation, by } })
      deps.agents.changed()
      deps.wake(id)
    },

    async release(id: string, wish: { erase: boolean }, by: string): Promise<void> {
      const machine = present(id)
      allow(machine, 'release', 'released')
      await registry.change(id, (m) => ({
        ...movedIfLegal(m, 'release.started', now()), problem: null, attention: null, services: [], steps: waitingSteps(stepsOfRelease(m, wish.erase)),
        intent: { ...m.intent, generation: m.intent.generation + 1, erase: wish.erase, release: true },
      }), { machineId: id, kind: 'release.started', level: 'info', text: `${by} released the machine${wish.erase ? ' and has its disk erased' : ''}`, data: { by, erase: wish.erase } })
      deps.agents.changed()
      deps.wake(id)
    },

    async retry(id: string, by: string): Promise<void> {
      const machine = present(id)
      allow(machine, 'retry', 'tried again')
      const steps = retriedSteps(machine.steps)
      const [next] = remainingSteps(steps)
      if (next === undefined) throw new Refusal(409, `${machine.name} has no step to try again: release it, or assign a role.`)
      const event = machine.intent.release ? 'release.started' : bootOfSteps(steps) === 'ramdisk' || next.kind === 'bootDisk' ? 'deploy.started' : 'role.changed'
      deps.resetDiskBoots(id)
      await registry.change(id, (m) => ({ ...movedIfLegal(m, event, now()), problem: null, attention: null, steps }), { machineId: id, kind: 'step.retried', level: 'info', text: `${by} tries again`, data: { step: next.kind, by } })
      deps.wake(id)
    },

    async rename(id: string, name: string, by: string): Promise<void> {
      const machine = present(id)
      allow(machine, 'rename', 'renamed')
      const other = registry.find(name)
      if (other !== undefined && other.id !== id) throw new Refusal(409, `Another machine is called ${name} already.`)
      await registry.change(id, (m) => ({ ...m, name }), { machineId: id, kind: 'machine.renamed', level: 'info', text: `${by} renamed ${machine.name} to ${name}`, data: { by, name } })
      deps.agents.changed()
    },

    async forget(id: string, by: string): Promise<void> {
      const machine = present(id)
      allow(machine, 'forget', 'forgotten')
      await deps.forgotten(id)
      await registry.forget(id, { machineId: null, kind: 'machine.forgotten', level: 'info', text: `${by} forgot ${machine.name} (${machine.mac})`, data: { by, mac: machine.mac } })
      deps.agents.changed()
    },
  }
}
