import { openHotStore } from '#control/store/hot'
import { renderIpv4 } from '#netboot/codec/ipv4'
import path from 'node:path'
import type { Bench } from '../bench.ts'
import type { DoraResult } from '../clients/dora.ts'
import { machineSeconds } from '../cpu.ts'
import type { Sample } from '../figures.ts'
import { startControl } from '../peers/control.ts'
import { dhcpd } from '../peers/dhcpd.ts'
import { dnsmasq } from '../peers/dnsmasq.ts'
import { kea } from '../peers/kea.ts'
import { oursDhcp, oursPlan } from '../peers/ours.ts'
import { leaseSeconds, type Pool } from '../peers/peer.ts'
import type { Server } from '../world.ts'

/** 12,288 addresses. */
const smallPool: Pool = { from: '10.77.16.1', to: '10.77.64.0' }
/** 61,440 addresses. */
const largePool: Pool = { from: '10.76.8.0', to: '10.76.247.255' }
/** 126,976 addresses: room for 100,000 leases and 10,000 new ones. */
const hugePool: Pool = { from: '10.76.0.1', to: '10.77.240.0' }

/** Durable addresses a second: 10,000 machines that no server has seen, 64 in flight, through a relay and by broadcast. */
export async function measureDhcp(bench: Bench): Promise<void> {
  const machines = bench.quick ? 500 : 10_000
  const starts: readonly [id: string, () => Promise<Server>][] = [
    ...[oursDhcp(bench.built), kea, dhcpd, dnsmasq].map((peer): [string, () => Promise<Server>] => [peer.id, () => bench.world.start(peer.id, peer.plan(bench.world, smallPool))]),
    ['whole control', () => startControl(bench.built, bench.world, { pool: smallPool })],
  ]
  for (const pair of bench.pairs()) for (const mode of ['relay', 'broadcast'] as const) for (const [id, start] of starts) {
    const server = await start()
    const values = await runDora(bench, server, { mode, clients: machines, count: machines, inFlight: 64, seconds: 10, timeoutMs: 3000, first: 1 })
    bench.add({ measure: 'dhcp', variant: mode, server: id, pair, values })
    await server.stop()
  }
}

/** 1,000 machines that are powered on by one switch: each sends one DISCOVER at the same instant and never asks again. */
export async function measureBurst(bench: Bench): Promise<void> {
  const machines = 1000
  for (const pair of bench.pairs()) for (const mode of ['relay', 'broadcast'] as const) for (const peer of [oursDhcp(bench.built), kea, dhcpd, dnsmasq]) {
    const server = await bench.world.start(peer.id, peer.plan(bench.world, smallPool))
    const { doraPerSecond: _, ...values } = await runDora(bench, server, { mode, clients: machines, count: machines, inFlight: machines, seconds: 12, timeoutMs: 4000, first: 1 })
    bench.add({ measure: 'burst', variant: mode, server: peer.id, pair, values })
    await server.stop()
  }
}

/** Whether a larger pool, or more leases, make one address dearer. */
export async function measureScale(bench: Bench): Promise<void> {
  const machines = bench.quick ? 500 : 10_000
  const variants: [string, Pool, number][] = [['pool of 12,288', smallPool, 0], ['pool of 61,440', largePool, 0], ['1,000 leases', hugePool, 1000], ['100,000 leases', hugePool, 100_000]]
  for (const pair of bench.pairs()) for (const [variant, pool, leases] of variants) {
    const store = path.join(bench.world.scratch('scale'), 'hot.db')
    await fillStore(store, leases)
    const server = await bench.world.start('ours', oursPlan(bench.built, bench.world, { pool, store }))
    const values = await runDora(bench, server, { mode: 'relay', clients: machines, count: machines, inFlight: 64, seconds: 15, timeoutMs: 3000, first: 1 })
    bench.add({ measure: 'scale', variant, server: 'ours', pair, values })
    await server.stop()
  }
}

async function runDora(bench: Bench, server: Server, load: { mode: 'relay' | 'broadcast'; clients: number; count: number; inFlight: number; seconds: number; timeoutMs: number; first: number }): Promise<Sample['values']> {
  const before = { server: server.cpu.seconds(), machine: machineSeconds(), at: performance.now() }
  const result = await bench.world.client<DoraResult>('dora', load)
  const cpuSeconds = server.cpu.seconds() - before.server
  const others = machineSeconds() - before.machine - cpuSeconds - (result.clientCpuPercent / 100) * result.seconds
  return {
    doraPerSecond: result.doraPerSecond, cpuSecondsPer1000: (cpuSeconds / Math.max(1, result.done)) * 1000, p50Ms: result.p50Ms, p99Ms: result.p99Ms,
    neverAcked: result.lost, naks: result.naks, duplicates: result.duplicates, clientCpuPercent: result.clientCpuPercent,
    // Of one processor: what has nothing to do with this run, and makes it dearer where it is more than a little.
    othersCpuPercent: (others * 1e5) / (performance.now() - before.at),
  }
}

/** Leases of machines that are not those of the load, from the beginning of the largest pool on. */
async function fillStore(file: string, count: number): Promise<void> {
  const store = openHotStore(file)
  const nowMs = Date.now()
  const commits: Promise<void>[] = []
  for (let index = 0; index < count; index += 1) {
    const mac = `06:00:${[24, 16, 8, 0].map((shift) => ((index >>> shift) & 0xff).toString(16).padStart(2, '0')).join(':')}`
    commits.push(store.commitLease({ networkId: 'bench', address: renderIpv4(0x0a4c0001 + index), mac, clientId: '', hostname: '', state: 'bound', startedAtMs: nowMs, expiresAtMs: nowMs + leaseSeconds * 1000 }))
  }
  await Promise.all(commits)
  await store.close()
}
