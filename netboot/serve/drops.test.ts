import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { memorySite } from '../../test/sim/memory-site.ts'
import { countDrops } from './drops.ts'

const start = () => {
  const site = memorySite([])
  const told = (): string[] => site.events.map((event) => (event.kind === 'datagrams.dropped' ? `${event.receiver} ${event.reason} ${event.count}` : event.kind))
  return { drops: countDrops(site), told }
}
beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

it('tells of a first drop within a second', () => {
  const { drops, told } = start()
  drops.count('tftp', 'malformed')
  expect(told()).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(told()).toEqual(['tftp malformed 1'])
})

it('tells of a flood once in ten seconds, of each receiver and reason by itself, and loses none', () => {
  const { drops, told } = start()
  for (let ms = 0; ms < 30_000; ms += 10) {
    drops.count('dhcp', 'malformed')
    if (ms === 5000) drops.count('dhcp', 'broken', 7)
    vi.advanceTimersByTime(10)
  }
  expect(told()).toEqual(['dhcp malformed 100', 'dhcp broken 7', 'dhcp malformed 1000', 'dhcp malformed 1000'])
  drops.close()
  expect(told().slice(4)).toEqual(['dhcp malformed 900'])
  vi.advanceTimersByTime(60_000)
  expect(told()).toHaveLength(5)
})

it('tells at once again of what was quiet for a while', () => {
  const { drops, told } = start()
  drops.count('http', 'too-many')
  vi.advanceTimersByTime(30_000)
  drops.count('http', 'too-many', 2)
  vi.advanceTimersByTime(1000)
  expect(told()).toEqual(['http too-many 1', 'http too-many 2'])
})
