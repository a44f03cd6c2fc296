import { describe, expect, it } from 'vitest'
import type { StepKind } from '#contract/steps'
import { bootOfSteps, nextStep, remainingSteps, retriedSteps, waitingSteps, withStep } from './plan-deploy.ts'

const deploy: StepKind[] = ['bootRamdisk', 'partitionDisk', 'writeImage', 'configureSystem', 'bootDisk', 'enrolAgent', 'applyRole', 'verifyServices']
const doneUpTo = (count: number) => deploy.slice(0, count).reduce((steps, kind) => withStep(steps, kind, { status: 'done' }), waitingSteps(deploy))

describe('the plan of a deploy', () => {
  it.each(deploy.map((kind, index) => [index, kind] as const))('after %i steps goes on with %s', (count, kind) => expect(nextStep(doneUpTo(count))?.kind).toBe(kind))
  it('has no steps for its own result', () => expect(remainingSteps(doneUpTo(deploy.length))).toEqual([]))
  it('stops at a failed step', () => expect(nextStep(withStep(doneUpTo(2), 'writeImage', { status: 'failed' }))).toBeUndefined())
  it('boots the ramdisk until the disk can boot, then only the disk', () =>
    expect(deploy.map((_, count) => bootOfSteps(doneUpTo(count)))).toEqual(['ramdisk', 'ramdisk', 'ramdisk', 'ramdisk', 'localDisk', 'localDisk', 'localDisk', 'localDisk']))
  it('retries from the failed step, with the ramdisk there again', () => {
    const steps = retriedSteps(withStep(doneUpTo(2), 'writeImage', { status: 'failed' }))
    expect(remainingSteps(steps).map((step) => step.kind)).toEqual(['bootRamdisk', ...deploy.slice(2)])
    const late = retriedSteps(withStep(doneUpTo(6), 'applyRole', { status: 'failed' }))
    expect(remainingSteps(late).map((step) => step.kind)).toEqual(['applyRole', 'verifyServices'])
  })
})
