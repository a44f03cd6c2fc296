import type { StepState } from '#contract/steps'
import type { Claim, Machine } from '#contract/operator-api'
import type { PowerDriver, PowerSession } from '../power/driver.ts'
import { shownOptions } from '../power/options.ts'
import { withStep } from '../plan/plan-deploy.ts'
import type { LastReport } from './agents/agents.ts'
import type { MachineRecord } from './record.ts'

/** What is known of a machine besides its record. */
export interface ViewFacts {
  readonly live: StepState | undefined
  readonly last: LastReport | undefined
  readonly driver: PowerDriver | undefined
  readonly session: PowerSession | undefined
  readonly powerState: 'on' | 'off' | 'unknown'
  readonly claims: readonly Claim[]
  readonly lastSeq: number
}

/** A machine as operators see it. */
export function renderMachine(m: MachineRecord, facts: ViewFacts): Machine {
  const can = (['on', 'off', 'cycle'] as const).filter((verb) => facts.session?.[verb] !== undefined)
  return {
    id: m.id, name: m.name, mac: m.mac, macs: [...m.macs], phase: m.phase, role: m.intent.role, generation: m.intent.generation, intent: m.intent,
    address: m.address, uuid: m.uuid, firmware: m.firmware, bootPath: m.bootPath, inventory: m.inventory,
    steps: facts.live === undefined ? [...m.steps] : withStep(m.steps, facts.live.kind, facts.live),
    services: [...m.services], problem: m.problem, attention: m.attention ?? facts.claims[0]?.why ?? null, claims: [...facts.claims],
    power: { driver: m.powerDriver, state: facts.powerState, can, cannotWhy: facts.driver?.cannotWhy ?? `the power driver “${m.powerDriver}” is no longer available`, options: facts.driver === undefined ? {} : shownOptions(facts.driver, m.powerOptions) },
    metrics: m.phase === 'ready' || m.phase === 'starting' ? (facts.last?.report.metrics ?? null) : null,
    firstSeenAt: m.firstSeenAt, lastSeenAt: m.lastSeenAt, phaseSince: m.phaseSince, phaseDeadline: m.phaseDeadline, lastSeq: facts.lastSeq,
  }
}
