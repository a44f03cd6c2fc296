import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { openHotStore } from '#control/store/hot'
import { renderIpv4 } from '#netboot/codec/ipv4'
import { seededRandom } from '../../sim/random.ts'
import type { Bench } from '../bench.ts'
import type { AcksResult } from '../clients/acks.ts'
import { oursPlan } from '../peers/ours.ts'

/** kill -9 in the middle of commits, again and again: every address that a client was promised must be in the store at the end. */
export async function measureCrash(bench: Bench): Promise<void> {
  const rounds = bench.quick ? 3 : 200
  const random = seededRandom(1)
  const store = path.join(bench.world.scratch('crash'), 'hot.db')
  const clients = bench.world.open<AcksResult>('acks', { inFlight: 64, clients: 100_000, patienceMs: 500 })
  for (let round = 0; round < rounds; round += 1) {
    const server = await bench.world.start('ours', oursPlan(bench.built, bench.world, { pool: { from: '10.76.0.1', to: '10.77.240.0' }, store }))
    await wait(200 + 400 * random())
    await server.kill()
  }
  const { acks, naks, duplicates, promised } = await clients.finish()
  const hot = openHotStore(store)
  const leases = new Map(hot.leases().map((lease) => [lease.address, lease]))
  await hot.close()
  const lost = promised.filter(([machine, address]) => {
    const lease = leases.get(renderIpv4(address))
    return lease?.state !== 'bound' || lease.mac !== macOf(machine)
  })
  bench.add({ measure: 'crash', variant: `${rounds} rounds`, server: 'ours', pair: 0, values: { rounds, acks, leases: promised.length, lostLeases: lost.length, duplicates, naks } })
}

const macOf = (machine: number): string => `02:00:${[24, 16, 8, 0].map((shift) => (((machine + 1) >>> shift) & 0xff).toString(16).padStart(2, '0')).join(':')}`
