import { createHash } from 'node:crypto'
import type { Target, Task } from '#contract/agent-api'
import type { ApplianceTls, AppRecord, CloudMachine, Role, RoleContext } from '#control/roles/role'
import { remainingSteps } from '../../plan/plan-deploy.ts'
import type { AgentDesk } from './agents.ts'
import { certificateNames } from './certificate-names.ts'
import type { MachineRecord } from '../record.ts'
import type { Registry } from '../registry.ts'

/** What targets are made of. */
export interface TargetDeps {
  readonly registry: Registry
  readonly agents: AgentDesk
  readonly address: string
  /** The subnets that services must let in, where the cloud's machines have these addresses. */
  subnets(addresses: readonly (string | null)[]): readonly string[]
  readonly caPem: string
  tls(): ApplianceTls
  role(id: string): Role | undefined
  apps(): readonly AppRecord[]
  secret(name: string): string
  setting(name: string): string | undefined
  setSetting(name: string, value: string): void
  /** Whether the machine has to restart itself: its power driver cannot. */
  restartsItself(machine: MachineRecord): boolean
  now(): number
}

/** What roles, apps and agents are told of machines. */
export interface Targets {
  machines(): CloudMachine[]
  roleContext(machineId: string): RoleContext | undefined
  target(machine: MachineRecord): Target
}

/** Renders targets on demand: they are a function of what is stored and reported. */
export function makeTargets(deps: TargetDeps): Targets {
  const toCloud = (m: MachineRecord): CloudMachine => {
    const last = deps.agents.last(m.id)
    return { id: m.id, name: m.name, address: m.address, phase: m.phase, role: m.intent.role, generation: m.intent.generation, releasing: m.intent.release, report: last?.report ?? null, reportedAtMs: last?.atMs ?? null }
  }
  const machines = (): CloudMachine[] => deps.registry.all().map(toCloud)
  const roleContext = (id: string): RoleContext | undefined => {
    const all = machines()
    const machine = all.find((one) => one.id === id)
    if (machine === undefined) return undefined
    return {
      machine, machines: all, apps: deps.apps(), applianceAddress: deps.address, cidrs: deps.subnets(all.filter(({ role }) => role !== null).map(({ address }) => address)), caPem: deps.caPem, tls: () => deps.tls(),
      secret: (name) => deps.secret(name), setting: (name) => deps.setting(name), setSetting: (name, value) => deps.setSetting(name, value), nowMs: deps.now(),
    }
  }
  return {
    machines, roleContext,
    target(machine) {
      const context = roleContext(machine.id)
      const role = deps.role(machine.intent.role ?? '')
      const [next] = remainingSteps(machine.steps)
      const last = deps.agents.last(machine.id)
      const leaves = next?.kind === 'bootRamdisk' && next.status === 'running' && last !== undefined && deps.restartsItself(machine)
      const restart: Task[] = last === undefined ? [] : [{ kind: 'restart', id: 'restart', bootId: last.report.bootId }]
      // An operator's wish for a restart ends with the boot that it was meant for.
      const isAsked = last !== undefined && deps.setting(`restart.${machine.id}`) === last.report.bootId
      const tasks: Task[] = leaves ? restart : machine.intent.release ? [{ kind: 'swarm' as const, id: 'swarm', mode: 'leave' as const, advertise: machine.address ?? '', remote: '', token: '' }]
        : role === undefined || context === undefined ? [] : [...(isAsked ? restart : []), ...role.tasks(context)]
      const { generation } = machine.intent
      const { dns, ips } = certificateNames(machine, role)
      const names = [...dns, ...ips]
      const etag = createHash('sha256').update(JSON.stringify([machine.id, generation, machine.name, names, tasks])).digest('hex').slice(0, 32)
      return { machineId: machine.id, generation, etag, hostname: machine.name, names, tasks }
    },
  }
}
