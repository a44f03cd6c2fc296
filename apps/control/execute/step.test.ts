import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { runOrder, type StepRun, type StepWorld } from './step.ts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

it('tells the rate of what is written, and no rate once nothing more is said', async () => {
  const told: object[] = []
  let say: (report: { detail: string; bytesDone: number; bytesTotal: number }) => void = () => undefined
  let end: () => void = () => undefined
  const run = { runId: 'r', signal: new AbortController().signal, machine: () => ({ id: 'm1', intent: { generation: 1 } }), progress: (patch: object) => { told.push(patch) } } as unknown as StepRun
  const world = { now: () => Date.now(), orders: { give: (_id: string, _order: object, _signal: AbortSignal, listener: typeof say) => new Promise<void>((resolve) => { say = listener; end = resolve }) } } as unknown as StepWorld
  const over = runOrder(run, world, 'writeImage', {})
  await vi.advanceTimersByTimeAsync(2000)
  say({ detail: '', bytesDone: 4000, bytesTotal: 9000 })
  expect(told).toEqual([{ detail: '', bytesDone: 4000, bytesTotal: 9000, bytesPerSecond: 2000 }])
  await vi.advanceTimersByTimeAsync(14_000)
  expect(told).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(2000)
  expect(told.at(-1)).toEqual({ bytesPerSecond: null })
  say({ detail: '', bytesDone: 9000, bytesTotal: 9000 })
  end()
  await over
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told).toHaveLength(3)
})
