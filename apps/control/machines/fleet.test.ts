import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/sim/random.ts'
import { Fleet } from './fleet.ts'
import { newMachine, type MachineRecord } from './record.ts'

const machine = (n: number, patch: Partial<MachineRecord> = {}): MachineRecord => ({ ...newMachine({ id: `m${n}`, name: `name-${n}`, mac: '52:54:00:00:00:01', uuid: null, now: '2026-01-01T00:00:00.000Z', powerDriver: 'manual' }), ...patch })

describe('the fleet', () => {
  it('counts and finds as one who looks at each machine would, whatever is done to them', () => {
    const random = seededRandom(7)
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
    const fleet = new Fleet([machine(0)])
    const model = new Map([['m0', machine(0)]])
    for (let step = 0; step < 3000; step += 1) {
      const n = Math.floor(random() * 20)
      if (random() < 0.3) { fleet.delete(`m${n}`); model.delete(`m${n}`) } else {
        const one = machine(n, { name: pick(['a', 'b', `name-${n}`]), uuid: pick([null, 'u1', 'u2']), phase: pick(['seen', 'discovered', 'ready']), intent: { ...machine(n).intent, role: pick([null, 'manager']) } })
        fleet.set(one)
        model.set(one.id, one)
      }
      const all = [...model.values()]
      expect([...fleet.all()]).toEqual(all)
      expect([fleet.seenCount, fleet.unassignedCount]).toEqual([all.filter(({ phase }) => phase === 'seen').length, all.filter(({ intent }) => intent.role === null).length])
      expect(new Set(fleet.withUuid('u1'))).toEqual(new Set(all.filter(({ uuid }) => uuid === 'u1')))
      expect(fleet.named('a')?.name).toBe(all.some(({ name }) => name === 'a') ? 'a' : undefined)
    }
  })

  it('takes the same time for a new machine, however many there are', () => {
    const time = (count: number): number => {
      const fleet = new Fleet(Array.from({ length: count }, (_, n) => machine(n, { uuid: `u${n}` })))
      const began = process.cpuUsage()
      for (let n = 0; n < 2000; n += 1) {
        expect(fleet.unassignedCount + fleet.seenCount + fleet.withUuid('another').length).toBe(2 * (count + n))
        fleet.set(machine(count + n, { uuid: `u${count + n}` }))
        fleet.named('another')
      }
      return process.cpuUsage(began).user / 1000
    }
    time(100)
    // A look at each machine for each new one would be a hundred times slower.
    expect(Math.min(time(20_000), time(20_000))).toBeLessThan(Math.min(time(200), time(200)) * 10 + 20)
  })
})
