import { expect, it } from 'vitest'
import { testNetwork } from '../../test/sim/memory-site.ts'
import { followNetworks, type PartPlan } from './follow-networks.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const networks = [testNetwork]
const part = (key: string, did: string[]): PartPlan => ({ key, open: async () => ({ serve: () => void did.push(`serve ${key}`), close: async () => void did.push(`close ${key}`) }) })
const broken = (isOptional: boolean): PartPlan => ({ key: 'broken', isOptional, open: async () => { throw new Error('IPv6 is switched off there') } })

it('serves the others where an optional part cannot be opened at the start, and says why it is not', async () => {
  const did: string[] = []
  const parts = await followNetworks(() => networks, () => [broken(true), part('IPv4', did)], log)
  expect([did, parts.troubles()]).toEqual([['serve IPv4'], ['Error: IPv6 is switched off there']])
  await parts.close()
  expect(did).toEqual(['serve IPv4', 'close IPv4'])
})

it('serves nothing where another part cannot, and closes what was open', async () => {
  const did: string[] = []
  await expect(followNetworks(() => networks, () => [part('IPv4', did), broken(false)], log)).rejects.toThrow('switched off')
  expect(did).toEqual(['close IPv4'])
})
