import { stepTitles, type StepState } from '#contract/steps'
import type { LifecycleEvent } from '#contract/lifecycle'
import type { Executors, StepRun, StepWorld } from '../execute/step.ts'
import { movedIfLegal } from '../machines/phase.ts'
import type { MachineRecord } from '../machines/record.ts'
import type { Registry } from '../machines/registry.ts'
import { NotStored } from '../store/not-stored.ts'
import { nextStep, remainingSteps, stepMinutes, withStep } from './plan-deploy.ts'

/** What is told of a step that goes on: not stored, only shown. */
export type ProgressListener = (machineId: string) => void

/** The loop that makes observed and wished the same. */
export interface Reconciler {
  /** Looks at a machine again: starts its next step, or takes back one that is no longer wanted. */
  wake(machineId: string): void
  /** The step in progress with its live figures, which are newer than the stored ones. */
  live(machineId: string): StepState | undefined
  /** Fails the running step with a reason from outside (a phase took too long, too many boots). */
  fail(machineId: string, why: string): void
  stop(): void
}

/** Which lifecycle event the end of a step is. */
const eventOf: Partial<Record<StepState['kind'], LifecycleEvent>> = { bootDisk: 'disk.booted', enrolAgent: 'agent.enrolled', verifyServices: 'services.verified' }

/**
 * INVARIANTS: one runner for each machine; a runner belongs to one generation and ends when the intent has another; a step is marked
 * running before it begins and done after it ended, both on disk, so that a killed process runs it again and never skips it. While
 * nothing can be stored nothing is run: who sees the disk recover wakes every machine.
 */
export function startReconciler(deps: { registry: Registry; executors: Executors; world: StepWorld; onProgress: ProgressListener; released(machine: MachineRecord): Promise<void>; now(): number }): Reconciler {
  const { registry, now } = deps
  const runners = new Map<string, { generation: number; abort: AbortController }>()
  const live = new Map<string, StepState>()
  let stopped = false

  async function loop(id: string, generation: number, abort: AbortController): Promise<void> {
    for (;;) {
      const machine = registry.get(id)
      if (machine === undefined || abort.signal.aborted || machine.intent.generation !== generation || machine.phase === 'failed') return
      const step = nextStep(machine.steps)
      if (step === undefined) return finish(machine)
      try {
        await runStep(machine, step, abort)
      } catch (error) { // the step runner is where failures end: they become facts
        if (abort.signal.aborted && abort.signal.reason === superseded) return
        if (error instanceof NotStored) throw error
        await fail(id, generation, step, error)
        return
      }
    }
  }

  async function runStep(machine: MachineRecord, planned: StepState, abort: AbortController): Promise<void> {
    const { id } = machine
    const startedAt = planned.startedAt ?? new Date(now()).toISOString()
    const step: StepState = { ...planned, status: 'running', startedAt }
    const title = stepTitles[step.kind]
    live.set(id, step)
    await registry.change(id, (m) => ({ ...m, steps: withStep(m.steps, step.kind, { status: 'running', startedAt }) }),
      ...(planned.status === 'running' ? [] : [{ machineId: id, kind: 'step.started', level: 'info' as const, text: title, data: { step: step.kind, generation: machine.intent.generation } }]))
    // A restarted control gives the step at least two minutes: the deadline is not the machine's fault then.
    const leftMs = Math.max(120_000, Date.parse(startedAt) + stepMinutes[step.kind] * 60_000 - now())
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new Error(`not done within ${stepMinutes[step.kind]} minutes${live.get(id)?.detail ? `; last: ${live.get(id)?.detail}` : ''}`)), leftMs)
    const signal = AbortSignal.any([abort.signal, deadline.signal])
    const run: StepRun = {
      machine: () => {
        const present = registry.get(id)
        if (present === undefined) throw new Error('the machine was forgotten')
        return present
      },
      runId: `${step.kind}-${machine.intent.generation}-${Date.parse(startedAt).toString(36)}`, signal,
      progress(patch) {
        const before = live.get(id)
        if (before === undefined || Object.entries(patch).every(([key, value]) => before[key as keyof StepState] === value)) return
        live.set(id, { ...before, ...patch })
        deps.onProgress(id)
      },
    }
    try {
      await deps.executors[step.kind](run, deps.world)
    } catch (error) {
      // What broke off because of the signal is told by the signal's own reason.
      throw signal.aborted ? signal.reason : error
    } finally {
      clearTimeout(timer)
    }
    const shown = live.get(id) ?? step
    live.delete(id)
    const event = eventOf[step.kind]
    await registry.change(id, (m) => {
      const steps = withStep(m.steps, step.kind, { ...shown, status: 'done', finishedAt: new Date(now()).toISOString() })
      return { ...(event === undefined ? m : movedIfLegal(m, event, now())), steps }
    }, { machineId: id, kind: 'step.finished', level: 'info', text: `${title}: done`, data: { step: step.kind, seconds: Math.round((now() - Date.parse(startedAt)) / 1000) } })
  }

  async function fail(id: string, generation: number, step: StepState, error: unknown): Promise<void> {
    const why = describe(error)
    const shown = live.get(id) ?? step
    live.delete(id)
    await registry.change(id, (m) => (m.intent.generation !== generation ? m : {
      ...movedIfLegal(m, 'step.failed', now()), attention: null, problem: `${stepTitles[step.kind]}: ${why}. See the log, then retry.`,
      steps: withStep(m.steps, step.kind, { ...shown, status: 'failed', finishedAt: new Date(now()).toISOString(), detail: why }),
    }), { machineId: id, kind: 'step.failed', level: 'error', text: `${stepTitles[step.kind]}: ${why}`, data: { step: step.kind, generation } })
  }

  async function finish(machine: MachineRecord): Promise<void> {
    if (machine.intent.release && machine.phase === 'releasing') await deps.released(machine)
  }

  function wake(id: string): void {
    const machine = registry.get(id)
    const present = runners.get(id)
    if (present !== undefined) {
      if (machine !== undefined && machine.intent.generation === present.generation) return
      present.abort.abort(superseded)
      return
    }
    if (stopped || machine === undefined || machine.phase === 'failed') return
    if (remainingSteps(machine.steps).length === 0 && !(machine.intent.release && machine.phase === 'releasing')) return
    const runner = { generation: machine.intent.generation, abort: new AbortController() }
    runners.set(id, runner)
    const ended = (): void => {
      runners.delete(id)
      live.delete(id)
    }
    loop(id, runner.generation, runner.abort).then(() => { ended(); wake(id) }, (error: unknown) => {
      ended()
      if (!(error instanceof NotStored)) throw error
    })
  }

  return {
    wake,
    live: (id) => live.get(id),
    fail: (id, why) => runners.get(id)?.abort.abort(new Error(why)),
    stop() {
      stopped = true
      for (const runner of runners.values()) runner.abort.abort(superseded)
    },
  }
}

const superseded = new Error('another wish came')

/** An error and its causes as one sentence without its full stop. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return (error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`).replace(/\.$/, '')
}
