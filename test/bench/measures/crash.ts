import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { openHotStore } from '#control/store/hot'
import { renderIpv4 } from '#netboot/codec/ipv4'
import { seededRandom } from '../../sim/random.ts'
import type { Bench } from '../bench.ts'
import type { AcksResult } from '../clients/acks.ts'
import { oursPlan } from '../peers/ours.ts'
import type { Pool } from '../peers/peer.ts'

/** The half of the cable's subnet in which the clients' side has no address of its own: the server asks who uses what it promises, and takes such an address back. */
const clearOfClients: Pool = { from: '10.76.0.1', to: '10.76.255.254' }

/** kill -9 in the middle of commits, again and again: every address that a client was promised must be in the store at the end. */
export async function measureCrash(bench: Bench): Promise<void> {
  const rounds = bench.quick ? 3 : 200
  const random = seededRandom(1)
  const store = path.join(bench.world.scratch('crash'), 'hot.db')
  const clients = bench.world.open<AcksResult>('acks', { inFlight: 64, clients: 60_000, patienceMs: 500 })
  for (let round = 0; round < rounds; round += 1) {
    const server = await bench.world.start('ours', oursPlan(bench.built, bench.world, { pool: clearOfClients, store }))
    await wait(200 + 400 * random())
    await server.kill()
  }
  const { acks, naks, duplicates, promised } = await clients.finish()
  const hot = openHotStore(store)
  const leases = new Map(hot.leases().map((lease) => [lease.address, lease]))
  await hot.close()
  const lost = promised.flatMap(([machine, address]) => {
    const [mac, text] = [macOf(machine), renderIpv4(address)]
    const lease = leases.get(text)
    return lease?.state === 'bound' && lease.mac === mac ? [] : [`${text} was promised to ${mac}, and is ${lease === undefined ? 'nobody’s' : `${lease.state} for ${lease.mac}`}`]
  })
  for (const one of lost.slice(0, 20)) console.error(one)
  bench.add({ measure: 'crash', variant: `${rounds} rounds`, server: 'ours', pair: 0, values: { rounds, acks, leases: promised.length, lostLeases: lost.length, duplicates, naks } })
}

const macOf = (machine: number): string => `02:00:${[24, 16, 8, 0].map((shift) => (((machine + 1) >>> shift) & 0xff).toString(16).padStart(2, '0')).join(':')}`
