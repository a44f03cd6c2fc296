import { endOf, type HttpMoment, type Moment, type TftpMoment } from './moment.ts'
import type { FileSent } from './read-journal.ts'

/** A journal line is written this long after its packet at most, where the appliance is busy. */
const slackMs = 3000

/**
 * Packets and journal as one story, in order of time. Where both tell of the same thing the packet stays and takes over what only the
 * appliance knows: the number of the journal line, the size of the file, why a transfer ended. What was recorded by one alone stays as it is.
 */
export function mergeMoments(packets: readonly Moment[], journal: { moments: readonly Moment[]; files: readonly FileSent[] }): Moment[] {
  const merged = [...packets]
  const taken = new Set<number>()
  const extra: Moment[] = []
  for (const told of journal.moments) {
    const at = merged.findIndex((seen, index) => !taken.has(index) && isSame(seen, told))
    const seen = merged[at]
    if (seen === undefined) { extra.push(told); continue }
    taken.add(at)
    merged[at] = told.kind === 'tftp' && seen.kind === 'tftp' ? overlaid(seen, told) : { ...seen, seq: told.seq }
  }
  for (const file of journal.files) {
    const at = merged.findLastIndex((seen) => seen.kind === 'http' && seen.path.replaceAll(/\/+/g, '/') === `/files/${file.file}` && seen.atMs <= file.atMs + slackMs && seen.method === 'GET' && seen.atMs >= file.atMs - file.tookMs - slackMs)
    const seen = merged[at]
    if (seen?.kind === 'http') merged[at] = { ...seen, seq: file.seq, status: seen.status ?? 200, bytes: file.bytes, sizeBytes: file.complete ? file.bytes : seen.sizeBytes, end: file.complete ? 'done' : 'cut', endMs: Math.max(seen.atMs, file.atMs) }
    else extra.push(asRequest(file))
  }
  return [...merged, ...extra].sort((a, b) => a.atMs - b.atMs || (a.seq ?? 0) - (b.seq ?? 0))
}

function isSame(seen: Moment, told: Moment): boolean {
  // An answer without a lease has no address in its packet; two servers' answers are told apart by what they say to boot.
  if (told.kind === 'dhcp') return seen.kind === 'dhcp' && seen.message === told.message && Math.abs(seen.atMs - told.atMs) < slackMs
    && (told.fromMachine || ((told.address === '' || seen.address === '' || seen.address === told.address) && (told.bootFile === '' || seen.bootFile === told.bootFile)))
  if (told.kind === 'dhcp6') return seen.kind === 'dhcp6' && seen.message === told.message && Math.abs(seen.atMs - told.atMs) < slackMs && (told.address === '' || told.fromMachine || seen.address === told.address)
  if (told.kind === 'tftp') return seen.kind === 'tftp' && seen.file.replaceAll(/^\/+/g, '') === told.file && seen.end !== 'probe' && told.atMs >= seen.atMs - 100 && told.atMs <= endOf(seen) + slackMs
  return false
}

const overlaid = (seen: TftpMoment, told: TftpMoment): TftpMoment => ({
  ...seen, seq: told.seq, sizeBytes: told.sizeBytes ?? seen.sizeBytes, blockSize: told.blockSize === 512 ? seen.blockSize : told.blockSize, windowSize: Math.max(seen.windowSize, told.windowSize),
  bytes: Math.max(seen.bytes, told.bytes), retries: Math.max(seen.retries, told.retries), end: told.end === 'open' ? seen.end : told.end, error: told.error || seen.error, endMs: Math.max(seen.endMs, told.endMs),
})

const asRequest = (file: FileSent): HttpMoment => ({
  kind: 'http', atMs: file.atMs - file.tookMs, mac: null, seq: file.seq, method: 'GET', path: `/files/${file.file}`, server: '', status: 200, sizeBytes: file.complete ? file.bytes : null, bytes: file.bytes, end: file.complete ? 'done' : 'cut', endMs: file.atMs,
})
