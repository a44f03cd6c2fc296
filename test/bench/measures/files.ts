import path from 'node:path'
import type { Bench } from '../bench.ts'
import type { HttpResult } from '../clients/http.ts'
import type { TftpResult } from '../clients/tftp.ts'
import { mebibyte, prepare } from '../noise.ts'
import { atftpd } from '../peers/atftpd.ts'
import { nginx } from '../peers/nginx.ts'
import { oursHttp, oursTftp } from '../peers/ours.ts'
import type { FilePeer } from '../peers/peer.ts'
import { tftpdHpa } from '../peers/tftpd-hpa.ts'

/** TFTP without and with windows, with one and with 64 clients, and with one packet in a hundred lost. */
export async function measureTftp(bench: Bench): Promise<void> {
  const folder = prepare(bench.files, 'tftp', { 'loader.efi': mebibyte, 'initrd.img': (bench.quick ? 4 : 50) * mebibyte })
  const hpa: readonly FilePeer[] = [tftpdHpa]
  const both: readonly FilePeer[] = [tftpdHpa, atftpd(bench.built)]
  const variants = [{ window: 1, loss: 0, peers: hpa }, { window: 16, loss: 0, peers: both }, { window: 16, loss: 0.01, peers: both }].flatMap((one) => [1, 64].map((clients) => ({ ...one, clients })))
  for (const pair of bench.pairs()) for (const { window, loss, clients, peers } of variants) for (const peer of [oursTftp(bench.built), ...peers]) {
    const server = await bench.world.start(peer.id, peer.plan(bench.world, folder))
    const before = server.cpu.seconds()
    // Under loss, whole transfers count: of a long file none would end in time.
    const name = loss > 0 ? 'loader.efi' : 'initrd.img'
    const result = await bench.world.client<TftpResult>('tftp', { file: peer.path(name), original: path.join(folder, name), blockBytes: 1468, window, clients, seconds: bench.quick ? 1 : 5, retryMs: loss > 0 ? 300 : 1000, loss, seed: pair + 1 })
    const cpuSeconds = server.cpu.seconds() - before
    bench.add({ measure: 'tftp', variant: `window ${window}${loss > 0 ? `, ${loss * 100} % loss` : ''}, ${clients === 1 ? '1 client' : `${clients} clients`}`, server: peer.id, pair, values: {
      megabytesPerSecond: result.megabytesPerSecond, cpuSecondsPerGb: cpuSeconds / (result.bytes / 1e9), finished: result.finished, failed: result.failed, wrongBlocks: result.wrongBlocks, retries: result.retries, windowAgreed: result.window, clientCpuPercent: result.clientCpuPercent,
    } })
    await server.stop()
  }
}

/** An image of 1 GiB over HTTP, from the page cache. */
export async function measureHttp(bench: Bench): Promise<void> {
  const sizeBytes = (bench.quick ? 16 : 1024) * mebibyte
  const folder = prepare(bench.files, 'http', { image: sizeBytes })
  for (const pair of bench.pairs()) for (const clients of [16, 64]) for (const peer of [oursHttp(bench.built), nginx]) {
    const server = await bench.world.start(peer.id, peer.plan(bench.world, folder))
    const before = server.cpu.seconds()
    const result = await bench.world.client<HttpResult>('http', { path: peer.path('image'), clients, seconds: bench.quick ? 1 : 5, sizeBytes })
    const cpuSeconds = server.cpu.seconds() - before
    bench.add({ measure: 'http', variant: `${clients} clients`, server: peer.id, pair, values: {
      megabytesPerSecond: result.megabytesPerSecond, cpuSecondsPerGb: cpuSeconds / (result.bytes / 1e9), peakMb: server.cpu.peakBytes() / 1e6, served: result.served, finished: result.finished, failed: result.failed, clientCpuPercent: result.clientCpuPercent,
    } })
    await server.stop()
  }
}
