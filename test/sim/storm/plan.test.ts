import { describe, expect, test } from 'vitest'
import { parseMac } from '#contract/mac'
import { isSimulated } from '#contract/simulated'
import { faultNames, planStorm } from './plan.ts'

const storm = { machines: 1000, seed: 7, withinMs: 10_000, faults: faultNames, deafMs: 30_000 }

describe('the plan of a storm', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planStorm(storm)).toEqual(planStorm(storm))
    expect(planStorm(storm)).not.toEqual(planStorm({ ...storm, seed: 8 }))
  })

  test('has machines that nothing confuses', () => {
    const machines = planStorm(storm)
    for (const key of ['mac', 'uuid', 'serial'] as const) expect(new Set(machines.map((machine) => machine[key])).size).toBe(1000)
    expect(machines.every(({ mac }) => parseMac(mac) === mac && isSimulated(mac))).toBe(true)
    // Locally administered and no group address (IEEE 802-2014, 8.2.2).
    expect(machines.every(({ mac }) => (Number.parseInt(mac.slice(0, 2), 16) & 3) === 2)).toBe(true)
  })

  test('powers all on in time and strikes about every fifth with each fault', () => {
    const machines = planStorm(storm)
    expect(Math.max(...machines.map(({ powerOnMs }) => powerOnMs))).toBeLessThan(10_000)
    const struck = (what: (faults: (typeof machines)[number]['faults']) => boolean): number => machines.filter(({ faults }) => what(faults)).length
    for (const count of [struck((f) => f.lossShare > 0), struck((f) => f.duplicateShare > 0), struck((f) => f.reorderShare > 0), struck((f) => f.slowBytesPerSecond !== null), struck((f) => f.deafMs > 0)]) {
      expect(count).toBeGreaterThan(130)
      expect(count).toBeLessThan(270)
    }
  })

  test('changes nothing else where a fault is left out', () => {
    const calm = planStorm({ ...storm, faults: [] })
    expect(calm.map(({ mac, firmware, powerOnMs }) => [mac, firmware, powerOnMs])).toEqual(planStorm(storm).map(({ mac, firmware, powerOnMs }) => [mac, firmware, powerOnMs]))
    expect(calm.every(({ faults }) => faults.crashes.length === 0 && faults.lossShare === 0)).toBe(true)
    expect(() => planStorm({ ...storm, machines: 0 })).toThrow('1 to 65536')
  })
})
