import type { StepKind, StepState } from '#contract/steps'
import type { MachineRecord } from '../machines/record.ts'

/** Steps that the ramdisk carries out: a machine whose next step is one of them must boot the ramdisk, not its disk. */
const ramdiskSteps: ReadonlySet<StepKind> = new Set(['bootRamdisk', 'eraseDisk', 'partitionDisk', 'writeImage', 'configureSystem'])

/** How long a step may take, in minutes, on the slowest machine we know (software emulation on a busy host). */
export const stepMinutes: Readonly<Record<StepKind, number>> = {
  bootRamdisk: 20, eraseDisk: 240, partitionDisk: 10, writeImage: 90, configureSystem: 15, bootDisk: 15, enrolAgent: 25, applyRole: 45, verifyServices: 30, leaveCloud: 6,
}

/** A list of steps of which none has begun. */
export const waitingSteps = (kinds: readonly StepKind[]): StepState[] =>
  kinds.map((kind) => ({ kind, status: 'waiting', startedAt: null, finishedAt: null, bytesDone: null, bytesTotal: null, bytesPerSecond: null, detail: '' }))

/** The steps of a release. Where no agent ever ran there is no cloud to leave. */
export function stepsOfRelease(machine: Pick<MachineRecord, 'steps' | 'phase' | 'intent'>, erase: boolean): StepKind[] {
  const enrolled = machine.phase === 'ready' || machine.phase === 'silent' || machine.steps.some((step) => step.kind === 'applyRole' && step.status !== 'waiting')
  return [...(enrolled ? (['leaveCloud'] as const) : []), 'bootRamdisk', ...(erase && machine.intent.diskSerial !== null ? (['eraseDisk'] as const) : [])]
}

/** What is left to do, in order: facts of this generation minus what is done. Empty when the wish is fulfilled. */
export const remainingSteps = (steps: readonly StepState[]): StepState[] => steps.filter((step) => step.status !== 'done' && step.status !== 'skipped')

/** The next step, or undefined where nothing is left or a failed one stops the rest. */
export function nextStep(steps: readonly StepState[]): StepState | undefined {
  const [next] = remainingSteps(steps)
  return next?.status === 'failed' ? undefined : next
}

/** The steps after `kind` became `patch`. */
export const withStep = (steps: readonly StepState[], kind: StepKind, patch: Partial<StepState>): StepState[] => steps.map((step) => (step.kind === kind ? { ...step, ...patch } : step))

/** Steps for another try: done ones stay done. A step that needs the ramdisk has the ramdisk booted again first. */
export function retriedSteps(steps: readonly StepState[]): StepState[] {
  const [failed] = remainingSteps(steps)
  const again = failed !== undefined && ramdiskSteps.has(failed.kind)
  return steps.map((step) => (step.status === 'failed' || step.status === 'running' || (again && step.kind === 'bootRamdisk') ? { ...step, status: 'waiting', startedAt: null, finishedAt: null, detail: '' } : step))
}

/** What this machine must boot as far as its steps say: null where they say nothing (it has none left). */
export function bootOfSteps(steps: readonly StepState[]): 'ramdisk' | 'localDisk' | null {
  const [next] = remainingSteps(steps)
  if (next === undefined) return null
  return ramdiskSteps.has(next.kind) ? 'ramdisk' : 'localDisk'
}
