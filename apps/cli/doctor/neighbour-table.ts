import { existsSync, readFileSync } from 'node:fs'
import { advice, fine, type Check, type Finding } from './check.ts'

const file = '/proc/sys/net/ipv4/neigh/default/gc_thresh3'

/** Judges `net.ipv4.neigh.default.gc_thresh3`: what is sent to more machines than that is lost. */
export function judgeNeighbourTable(count: number): Finding {
  const text = `the kernel remembers ${count} neighbours at most`
  return count >= 4096 ? fine(text) : advice(`${text}: a thousand machines that boot at once lose packets`, 'scripts/up raises it where it may; else set net.ipv4.neigh.default.gc_thresh3 = 65536 in /etc/sysctl.d')
}

/** A machine has up to three addresses while it boots. */
export const neighbourTable: Check = { id: 'neighbour-table', title: 'Neighbour table', run: async () => (existsSync(file) ? judgeNeighbourTable(Number(readFileSync(file, 'utf8'))) : fine('the host sets how many neighbours the kernel remembers')) }
