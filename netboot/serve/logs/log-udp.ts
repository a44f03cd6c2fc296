import type { Mac } from '#contract/mac'
import type { LogMessage } from '../../codec/syslog.ts'
import { parseNetconsole, parseSyslog } from '../../codec/syslog.ts'
import type { Site } from '../../site.ts'
import type { Drops } from '../drops.ts'
import { TokenBuckets } from '../token-bucket.ts'
import type { UdpPort } from '../linux/udp.ts'

const linesPerSecond = 2000
const burst = 10_000

/** Takes syslog and netconsole datagrams. A line belongs to the machine that has the sender's address; what comes too fast is counted, not kept. */
export function serveLogUdp(world: { site: Site; syslog: UdpPort; netconsole: UdpPort; macOf: (address: string) => Mac | null; drops: Drops; now: () => number }): void {
  const rate = new TokenBuckets(linesPerSecond, burst, 4096)
  const serve = (port: UdpPort, parse: (bytes: Uint8Array) => LogMessage[]): void => port.serve((bytes, from) => {
    const lines = parse(bytes)
    const granted = rate.take(from.address, lines.length, world.now())
    if (granted < lines.length) world.drops.count('log', 'too-many', lines.length - granted)
    if (granted > 0) world.site.report({ kind: 'log.lines', mac: world.macOf(from.address), address: from.address, lines: lines.slice(0, granted) })
  }, (reason) => world.drops.count('log', reason))
  serve(world.syslog, parseSyslog)
  serve(world.netconsole, parseNetconsole)
}
