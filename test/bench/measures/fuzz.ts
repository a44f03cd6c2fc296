import { fuzzCodec } from '../../fuzz/codecs.ts'
import { protocols } from '../../fuzz/corpus.ts'
import { killRounds } from '../../fuzz/kill-rounds.ts'
import { fuzzLive } from '../../fuzz/live.ts'
import { starve } from '../../fuzz/starvation.ts'
import type { Bench } from '../bench.ts'

/** A million mutated packets for each codec, then for each port of a real control and for its boot HTTP; its two servers of HTTPS get a tenth of that: a connection there costs a handshake. */
export async function measureFuzz(bench: Bench): Promise<void> {
  const packets = bench.quick ? 10_000 : 1_000_000
  for (const protocol of protocols) {
    const { read, thrown } = fuzzCodec(protocol, packets)
    bench.add({ measure: 'fuzz', variant: `codec of ${protocol}`, server: 'ours', pair: 0, values: { packets, read, thrown: thrown.length } })
  }
  const live = await fuzzLive({ datagrams: packets, requests: { 'boot HTTP': packets, 'machine HTTPS': packets / 10, 'operator API': packets / 10 } })
  bench.add({
    measure: 'fuzz', variant: 'real control', server: 'ours', pair: 0,
    values: { packets: Object.values(live.sent).reduce((sum, one) => sum + one, 0), dropped: live.dropped, thrown: live.exceptions.logged + (live.isAlive ? 0 : 1), uncounted: live.exceptions.logged - live.exceptions.counted, unserved: live.served.of - live.served.clients, grownMegabytes: (live.rssBytes.most - live.rssBytes.before) / 1e6 },
  })
}

/** kill -9 of the whole of control, registry and all, while clients get addresses from it. */
export async function measureKills(bench: Bench): Promise<void> {
  const { rounds, acked, lost, duplicates, naks } = await killRounds({ rounds: bench.quick ? 3 : 200 })
  bench.add({ measure: 'kills', variant: `${rounds} rounds`, server: 'ours', pair: 0, values: { rounds, acks: acked, lostLeases: lost.length, duplicates: duplicates.length, naks } })
}

/** A million strangers at 5,000 a second and a little more, so that a tick that comes late leaves no fewer, ask the whole of control for the 256 addresses it has. */
export async function measureStarvation(bench: Bench): Promise<void> {
  const { sent, perSecond, asked, kept, returned, slowestRoundMs, naks, duplicates, machines, isAlive, rssBytes } = await starve({ strangers: bench.quick ? 10_000 : 1_000_000, perSecond: 5200 })
  bench.add({ measure: 'starvation', variant: 'real control', server: 'ours', pair: 0, values: { sent, perSecond, asked, unserved: asked - kept + (returned === undefined ? 1 : 0) + (isAlive ? 0 : 1), slowestRoundMs, naks, duplicates: duplicates.length, machines, grownMegabytes: (rssBytes.most - rssBytes.before) / 1e6 } })
}
