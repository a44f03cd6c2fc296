import { expect, it } from 'vitest'
import { agentDesk, type AgentMemory } from './agents.ts'

function openMemory(): AgentMemory {
  const values = new Map<string, string>()
  const name = (bucket: string, key: string): string => `${bucket} ${key}`
  return {
    entries: (bucket) => Array.from(values).flatMap(([key, value]) => (key.startsWith(`${bucket} `) ? [{ key: key.slice(bucket.length + 1), value }] : [])),
    put: async (bucket, key, value) => void values.set(name(bucket, key), value), remove: async (bucket, key) => void values.delete(name(bucket, key)),
  }
}

it('knows at which address of ours each agent that enrolled asks, also after a restart', async () => {
  const memory = openMemory()
  const desk = agentDesk(memory, () => 0)
  for (const id of ['m1', 'm2']) await desk.setEnrolled(id, { generation: 1, secretHash: 's', keyHash: 'k' })
  desk.reachedAt('m1', '10.99.0.1')
  desk.reachedAt('m2', '10.77.0.1')
  desk.reachedAt('stranger', '10.99.0.1')
  const again = agentDesk(memory, () => 0)
  expect([again.askingAt('10.99.0.1'), again.askingAt('10.77.0.1'), again.askingAt('10.66.0.1')]).toEqual([['m1'], ['m2'], []])
  // Another deploy may lead it elsewhere.
  await again.setEnrolled('m1', { generation: 2, secretHash: 't', keyHash: 'k' })
  expect(again.askingAt('10.99.0.1')).toEqual([])
  again.reachedAt('m2', '10.99.0.1')
  again.forget('m2')
  expect(agentDesk(memory, () => 0).askingAt('10.99.0.1')).toEqual([])
})
