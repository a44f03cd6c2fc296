import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * How many neighbours Linux keeps before it looks for ones to forget, before it hurries, and at most: for a room of machines, each with an
 * address more while it boots. All network namespaces of a host share one table for IPv4 and one for IPv6, of 1,024 by default: what is sent
 * to a machine beyond that is lost.
 */
const wanted = [8192, 32_768, 65_536] as const

/** Raises what is lower and leaves what is higher; says so. `settings`: where the kernel shows them. A kernel that lets nobody change them is told of. */
export function widenNeighbourTable(say: (text: string) => void, settings = '/proc/sys/net'): void {
  for (const family of ['ipv4', 'ipv6']) {
    const raised: number[] = []
    // The largest first: none may be above the next one.
    for (const [index, count] of Array.from(wanted.entries()).toReversed()) {
      const file = path.join(settings, family, `neigh/default/gc_thresh${index + 1}`)
      // Only the first namespace has them.
      if (!existsSync(file) || Number(readFileSync(file, 'utf8')) >= count) continue
      try {
        writeFileSync(file, String(count))
        raised.push(count)
      } catch (error) {
        say(`the table of ${family} neighbours stays as small as it is (${String(error)}): set net.${family}.neigh.default.gc_thresh${index + 1} = ${count} where it can be set, for more than a few hundred machines`)
        break
      }
    }
    if (raised.length > 0) say(`the table of ${family} neighbours holds ${Math.max(...raised)} now`)
  }
}
