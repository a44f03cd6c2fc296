import type { Machine } from '#contract/operator-api'
import { openApplianceWorld } from '../sim/appliance-world.ts'
import { openAttackers, watchMemory, type MemoryUse } from './attackers.ts'

/** How many strangers ask, how many of them a second. */
export interface StarvationPlan { readonly strangers: number; readonly perSecond: number }

/** What became of an appliance that strangers asked for all its addresses. */
export interface StarvationOutcome {
  readonly sent: number
  readonly perSecond: number
  /** How often a known client asked while they did, and how often it got the address that it had. */
  readonly asked: number
  readonly kept: number
  /** The longest that all known clients together waited for their ACKs. */
  readonly slowestRoundMs: number
  readonly naks: number
  /** Machines in the registry afterwards: half of the strangers say that they are about to boot. */
  readonly machines: number
  readonly isAlive: boolean
  readonly rssBytes: MemoryUse
}

const known = 20

/**
 * Floods a real control, whose pool has 256 addresses, with DISCOVERs of random MACs, none of which ever asks twice, while clients that have a lease ask for it again and
 * again. Needs root.
 */
export async function starve({ strangers, perSecond }: StarvationPlan): Promise<StarvationOutcome> {
  const world = await openApplianceWorld('st')
  const attackers = openAttackers(world)
  try {
    await world.control.start()
    const set = await world.control.api('PATCH', 'networks/provisioning', { ranges: [{ from: '10.78.1.0', to: '10.78.1.255' }] })
    if (set.status !== 200) throw new Error(`the range was not set: ${JSON.stringify(set.value)}`)
    await world.dora(known, known)
    const had = new Map(world.acks.map(({ mac, address }) => [mac, address]))
    const { pid } = world.control
    const memory = watchMemory(pid)
    const flood = await attackers.start('flood-client')
    const startedAt = Date.now()
    const flooding = { isOver: false, ms: 0 }
    const flooded = flood({ strangers: true, seeds: [], port: 67, server: '10.78.0.1', from: attackers.sources, packets: strangers, seed: 1, perSecond }).finally(() => Object.assign(flooding, { isOver: true, ms: Date.now() - startedAt }))
    let [rounds, slowestRoundMs] = [0, 0]
    while (!flooding.isOver) {
      const beganAt = Date.now()
      await world.doraAgain(0, known)
      rounds += 1
      slowestRoundMs = Math.max(slowestRoundMs, Date.now() - beganAt)
    }
    const { sent } = await flooded
    const rssBytes = memory.end()
    const health = await world.control.api('GET', '/healthz')
    const machines = (await world.control.api('GET', 'machines')).value as Machine[]
    return {
      sent: Number(sent), perSecond: Math.round(Number(sent) / (flooding.ms / 1000)), asked: rounds * known, kept: world.acks.slice(known).filter(({ mac, address }) => had.get(mac) === address).length,
      slowestRoundMs, naks: world.naks.length, machines: machines.length, isAlive: world.control.pid === pid && health.status === 200, rssBytes,
    }
  } finally {
    attackers.close()
    await world.close()
  }
}
