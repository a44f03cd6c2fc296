import { describe, expect, it } from 'vitest'
import type { Phase } from '#contract/lifecycle'
import type { StepKind } from '#contract/steps'
import { waitingSteps, withStep } from '../../plan/plan-deploy.ts'
import { decideMachineBoot, installedRootUuid, mostDiskBoots } from './decision.ts'
import { newMachine, type MachineRecord } from '../record.ts'

const machine = (phase: Phase, steps: StepKind[] = [], done = 0, role: string | null = 'manager'): MachineRecord => {
  const base = newMachine({ id: 'a', name: 'a', mac: '52:54:00:00:00:01', uuid: null, now: '2026-01-01T00:00:00Z', powerDriver: 'manual' })
  return { ...base, phase, intent: { ...base.intent, role }, steps: steps.slice(0, done).reduce((list, kind) => withStep(list, kind, { status: 'done' }), waitingSteps(steps)) }
}
const deploy: StepKind[] = ['bootRamdisk', 'partitionDisk', 'writeImage', 'configureSystem', 'bootDisk', 'enrolAgent', 'applyRole', 'verifyServices']

describe('what a machine boots', () => {
  it.each([
    ['a new machine', machine('seen', [], 0, null), 'ramdisk'],
    ['a machine without a role', machine('discovered', [], 0, null), 'ramdisk'],
    ['one whose disk is being written', machine('deploying', deploy, 2), 'ramdisk'],
    ['one whose disk is complete', machine('deploying', deploy, 4), 'localDisk'],
    ['one whose agent is awaited', machine('starting', deploy, 5), 'localDisk'],
    ['a ready one that reboots', machine('ready', deploy, 8), 'localDisk'],
    ['a silent one', machine('silent', deploy, 8), 'localDisk'],
    ['one that failed while writing', machine('failed', deploy, 2), 'ramdisk'],
    ['one that failed in its role', machine('failed', deploy, 6), 'localDisk'],
    ['one that leaves the cloud', machine('releasing', ['leaveCloud', 'bootRamdisk'], 0), 'localDisk'],
    ['one that has left it', machine('releasing', ['leaveCloud', 'bootRamdisk'], 1), 'ramdisk'],
  ] as const)('%s', (_, given, wanted) => expect(decideMachineBoot(given, 0).decision).toBe(wanted))

  it('stops one that comes back from its disk again and again', () => expect(decideMachineBoot(machine('starting', deploy, 5), mostDiskBoots)).toMatchObject({ decision: 'wait' }))
  it('knows its disk by what was written there last', () => {
    const at = (generation: number, steps: StepKind[]): MachineRecord => ({ ...machine('ready', steps, steps.length), intent: { ...machine('ready').intent, generation } })
    const written = installedRootUuid(at(3, deploy), 3)
    expect(written).toMatch(/^[0-9a-f-]{36}$/)
    expect(installedRootUuid(at(3, deploy), undefined)).toBe(written)
    expect(installedRootUuid(at(4, ['applyRole', 'verifyServices']), 3)).toBe(written)
    expect(installedRootUuid(at(4, deploy), 3)).not.toBe(written)
    expect(installedRootUuid(at(0, []), undefined)).toBeNull()
  })
  it('never stops a ready one', () => expect(decideMachineBoot(machine('ready', deploy, 8), mostDiskBoots + 5).decision).toBe('localDisk'))
})
