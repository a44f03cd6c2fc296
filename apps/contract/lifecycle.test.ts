import { describe, expect, it } from 'vitest'
import { machineCan, nextPhase, phases, transitions, type LifecycleEvent, type Phase } from './lifecycle.ts'

const arrows = (phase: Phase): Phase[] => Object.values(transitions[phase])

describe('a machine’s lifecycle', () => {
  it('reaches every phase from the first', () => {
    const reached = new Set<Phase>(['seen'])
    for (const phase of reached) for (const next of arrows(phase)) reached.add(next)
    expect([...reached].sort()).toEqual([...phases].sort())
  })
  it.each(phases.filter((phase) => phase !== 'retired'))('can leave %s', (phase) => expect(arrows(phase).some((next) => next !== phase)).toBe(true))
  it('leaves nothing retired', () => expect(arrows('retired')).toEqual([]))
  it('reports an illegal pair', () => expect(nextPhase('seen', 'services.verified' as LifecycleEvent)).toBeUndefined())
  it('lets a person do something in every phase but the last', () => {
    for (const phase of phases) expect(Object.values(machineCan).some((list) => (list as readonly Phase[]).includes(phase))).toBe(phase !== 'retired')
  })
})
