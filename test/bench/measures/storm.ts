import { faultNames } from '../../sim/storm/plan.ts'
import type { StormReport } from '../../sim/storm/storm.ts'
import type { Bench } from '../bench.ts'
import { mebibyte, prepare } from '../noise.ts'
import { oursPlan } from '../peers/ours.ts'

/** A room full of machines gets power: each takes its three addresses, its loader, its script, and a ramdisk of 12 MiB. */
export async function measureStorm(bench: Bench): Promise<void> {
  const folder = prepare(bench.files, 'storm', { 'undionly.kpxe': mebibyte, 'snponly.efi': mebibyte, 'ipxe.efi': mebibyte, vmlinuz: 8 * mebibyte, 'initrd.img': 4 * mebibyte })
  const machines = bench.quick ? 50 : 1000
  for (const pair of bench.pairs()) for (const [variant, faults] of [['no faults', []], ['all faults', faultNames]] as const) {
    const server = await bench.world.start('ours', oursPlan(bench.built, bench.world, { folder }))
    const { report } = await bench.world.client<{ report: StormReport }>('storm', { machines, seed: pair + 1, withinMs: bench.quick ? 1000 : 10_000, faults, deafMs: 15_000, device: 'eth0', timeoutMs: 240_000 }, 300)
    bench.add({ measure: 'storm', variant, server: 'ours', pair, values: {
      bootedPercent: (report.booted / report.machines) * 100, naks: report.naks, duplicates: report.duplicates, scriptP99Ms: report.scriptP99Ms, scriptP50Ms: report.scriptP50Ms, bootP50Ms: report.bootP50Ms, bootP99Ms: report.bootP99Ms,
      seconds: report.seconds, dhcpRetries: report.dhcpRetries, fileRetries: report.fileRetries, lives: report.lives, gigabytes: report.bytes / 1e9, cpuSeconds: server.cpu.seconds(), peakMb: server.cpu.peakBytes() / 1e6,
    } })
    await server.stop()
  }
}
