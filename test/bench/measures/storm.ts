import { setTimeout as wait } from 'node:timers/promises'
import { faultNames, type FaultName } from '../../sim/storm/plan.ts'
import type { StormReport } from '../../sim/storm/storm.ts'
import type { Bench } from '../bench.ts'
import { mebibyte, prepare } from '../noise.ts'
import { startControl } from '../peers/control.ts'
import { oursPlan } from '../peers/ours.ts'
import type { Server } from '../world.ts'

/** How long control may take to show the last machine of a storm as discovered. */
const shownWithinMs = 60_000

/**
 * How long machines may take to boot. With all faults a few are powered on six times, each time behind a port that is deaf for a quarter of
 * a minute, with a slow link: alone on the wire that takes three and a half minutes already. A storm ends when its last machine has booted.
 */
const mostMs = 480_000

/** A room full of machines gets power: each takes its three addresses, its loader, its script, and a ramdisk of 12 MiB. */
export async function measureStorm(bench: Bench): Promise<void> {
  const folder = prepare(bench.files, 'storm', { 'undionly.kpxe': mebibyte, 'snponly.efi': mebibyte, 'ipxe.efi': mebibyte, vmlinuz: 8 * mebibyte, 'initrd.img': 4 * mebibyte })
  for (const pair of bench.pairs()) {
    for (const [variant, faults] of [['no faults', []], ['all faults', faultNames]] as const) {
      const server = await bench.world.start('ours', oursPlan(bench.built, bench.world, { folder }))
      await oneStorm(bench, server, pair, variant, faults, {})
      await server.stop()
    }
    const control = await startControl(bench.built, bench.world, { files: folder })
    let slowestApiMs = 0
    const watch = setInterval(() => { control.apiMs().then((took) => { slowestApiMs = Math.max(slowestApiMs, took) }, () => { slowestApiMs = Number.POSITIVE_INFINITY }) }, 500)
    await oneStorm(bench, control, pair, 'whole control, no faults', [], { ca: control.ca }, async (report) => {
      const endedAt = performance.now()
      let discovered = 0
      while ((discovered = (await control.phases())['discovered'] ?? 0) < report.machines && performance.now() - endedAt < shownWithinMs) await wait(100)
      return { discovered, behindMs: performance.now() - endedAt, slowestApiMs }
    })
    clearInterval(watch)
    await control.stop()
  }
}

async function oneStorm(bench: Bench, server: Server, pair: number, variant: string, faults: readonly FaultName[], more: { ca?: string }, afterwards?: (report: StormReport) => Promise<Record<string, number>>): Promise<void> {
  const { report } = await bench.world.client<{ report: StormReport }>('storm', { machines: bench.quick ? 50 : 1000, seed: pair + 1, withinMs: bench.quick ? 1000 : 10_000, faults, deafMs: bench.quick ? 2000 : 15_000, device: 'eth0', timeoutMs: mostMs, ...more }, mostMs / 1000 + 60)
  if (report.booted < report.machines) console.error(`left behind: ${JSON.stringify(report.stuck)}`)
  const after = await afterwards?.(report)
  bench.add({ measure: 'storm', variant, server: 'ours', pair, values: {
    bootedPercent: (report.booted / report.machines) * 100, naks: report.naks, duplicates: report.duplicates, scriptP99Ms: report.scriptP99Ms, scriptP50Ms: report.scriptP50Ms, bootP50Ms: report.bootP50Ms, bootP99Ms: report.bootP99Ms,
    seconds: report.seconds, dhcpRetries: report.dhcpRetries, fileRetries: report.fileRetries, factsRetries: report.factsRetries, lives: report.lives, simulatorCpuPercent: report.simulatorCpuPercent, simulatorLagP99Ms: report.simulatorLagP99Ms, gigabytes: report.bytes / 1e9, cpuSeconds: server.cpu.seconds(), peakMb: server.cpu.peakBytes() / 1e6, ...after,
  } })
}
