import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Machine } from '#contract/operator-api'
import { openHotStore } from '#control/store/hot'
import { openApplianceWorld, type ApplianceWorld } from '../sim/appliance-world.ts'
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
  /** Questions that were left without an answer because no address was left for strangers. */
  readonly refused: number
  /** Strangers that were taken to their ACK, and so have a lease. */
  readonly strangersServed: number
  /** The address that a machine got then, whose own lease was over before the first stranger came; undefined: none. */
  readonly returned: string | undefined
  /** The longest that all known clients together waited for their ACKs. */
  readonly slowestRoundMs: number
  readonly naks: number
  /** Addresses that two clients were given, as `address mac mac`. */
  readonly duplicates: readonly string[]
  /** Machines in the registry afterwards: half of the strangers say that they are about to boot. */
  readonly machines: number
  readonly isAlive: boolean
  readonly rssBytes: MemoryUse
}

const known = 20
/** The clients after those: strangers that take the OFFER they get. */
const polite = 300
/** The client after those is a machine that was inventoried and then off for longer than its lease. */
const returning = { number: known + polite, mac: '02:5c:00:00:01:40', address: '10.78.1.77' }

/**
 * Floods a real control, whose pool has 256 addresses, with DISCOVERs and REQUESTs of random MACs, none of which ever asks twice, and with strangers that go all the way to
 * their ACK, while clients that have a lease ask for it again and again. Needs root.
 */
export async function starve({ strangers, perSecond }: StarvationPlan): Promise<StarvationOutcome> {
  const world = await openApplianceWorld('st')
  const attackers = openAttackers(world)
  try {
    await world.control.start()
    const set = await world.control.api('PATCH', 'networks/provisioning', { ranges: [{ from: '10.78.1.0', to: '10.78.1.255' }] })
    if (set.status !== 200) throw new Error(`the range was not set: ${JSON.stringify(set.value)}`)
    inventory(world)
    await world.control.kill()
    await storePastLease(world)
    await world.control.start()
    await world.dora(known, known)
    const had = new Map(world.acks.map(({ mac, address }) => [mac, address]))
    const { pid } = world.control
    const memory = watchMemory(pid)
    const flood = await attackers.start('flood-client')
    const startedAt = Date.now()
    const flooding = { isOver: false, ms: 0 }
    const flooded = flood({ strangers: true, seeds: [], port: 67, server: '10.78.0.1', from: attackers.sources, packets: strangers, seed: 1, perSecond }).finally(() => Object.assign(flooding, { isOver: true, ms: Date.now() - startedAt }))
    world.beginDora(polite, polite)
    let [rounds, slowestRoundMs] = [0, 0]
    while (!flooding.isOver) {
      const beganAt = Date.now()
      await world.doraAgain(0, known)
      rounds += 1
      slowestRoundMs = Math.max(slowestRoundMs, Date.now() - beganAt)
    }
    const { sent } = await flooded
    await world.forget()
    const acked = world.acks.length
    await world.doraAgain(returning.number, 1).catch(() => undefined)
    const rssBytes = memory.end()
    const health = await world.control.api('GET', '/healthz')
    const machines = (await world.control.api('GET', 'machines')).value as Machine[]
    const whileFlooding = world.acks.slice(known, acked)
    return {
      sent: Number(sent), perSecond: Math.round(Number(sent) / (flooding.ms / 1000)), asked: rounds * known, kept: whileFlooding.filter(({ mac, address }) => had.get(mac) === address).length,
      refused: await untilRefused(world, strangers / 2), strangersServed: whileFlooding.filter(({ mac }) => !had.has(mac)).length, returned: world.acks.slice(acked).find(({ mac }) => mac === returning.mac)?.address,
      slowestRoundMs, naks: world.naks.length, duplicates: givenTwice(world.acks), machines: machines.length, isAlive: world.control.pid === pid && health.status === 200, rssBytes,
    }
  } finally {
    attackers.close()
    await world.close()
  }
}

/** No lease ends while the strangers ask: whoever got an address keeps it to the end. */
function givenTwice(acks: ApplianceWorld['acks']): string[] {
  const owners = new Map<string, string>()
  return acks.flatMap(({ mac, address }) => {
    const owner = owners.get(address)
    owners.set(address, owner ?? mac)
    return owner === undefined || owner === mac ? [] : [`${address} ${owner} ${mac}`]
  })
}

/** Makes a machine of the client that will come back: it says what it is, as its ramdisk does. */
function inventory(world: ApplianceWorld): void {
  const facts = ['firmware\tbios', 'secureboot\t0', 'kernel\t6', 'cpu.model\tX', 'cpu.count\t1', 'cpu.arch\tx86_64', 'mem.kb\t2000000', `bootif\t${returning.mac}`, 'disk\tvda', 'disk.size\t41943040', 'disk.serial\tS1', 'nic\teth0', `nic.mac\t${returning.mac}`, ''].join('\n')
  execFileSync('ip', ['netns', 'exec', world.clientSpace, 'curl', '-sSkf', '-m', '10', `https://10.78.0.1:${world.control.machinePort}/ramdisk/${returning.mac}/facts`, '-H', `Authorization: Bearer ${'cd'.repeat(32)}`, '--data-binary', facts])
}

/** Netboot tells its sums every ten seconds. */
async function untilRefused(world: ApplianceWorld, least: number): Promise<number> {
  for (const end = Date.now() + 15_000; ; await wait(200)) {
    const refused = Number(/^systemcloud_dropped_total\{receiver="dhcp",reason="pool-full"\} (\d+)/m.exec(await world.control.text('/metrics'))?.[1] ?? 0)
    if (refused > least || Date.now() > end) return refused
  }
}

/** Control is down meanwhile. */
async function storePastLease(world: ApplianceWorld): Promise<void> {
  const store = openHotStore(path.join(world.control.home, 'data/state/hot.db'))
  const hourAgo = Date.now() - 3_600_000
  await store.commitLease({ networkId: 'provisioning', address: returning.address, mac: returning.mac, clientId: '', hostname: '', state: 'bound', startedAtMs: hourAgo - 3_600_000, expiresAtMs: hourAgo })
  await store.close()
}
