import type { BootEntry } from '#contract/blackbox-api'
import { architectures } from '#netboot/arch/index'
import { readDuid } from '#netboot/codec/duid'
import { endOf, type Dhcp6Moment, type DhcpMoment, type HttpMoment, type Moment, type TftpMoment } from './moment.ts'
import type { Session } from './sessions.ts'

/** Rows of a boot that are shown: the first ones and the last ones. */
const mostFirst = 150
const mostLast = 150

/** What a row says besides its place in time. */
type Row = Omit<BootEntry, 'at' | 'offsetMs' | 'gapMs'> & { atMs: number; endMs: number }

/** A boot's moments as rows, with the row that each moment became: `null` where it is one of those left out. */
export function renderEntries(session: Session): { entries: BootEntry[]; left: number; rowOf(moment: Moment): number | null } {
  const rows: Row[] = []
  const places = new Map<Moment, number>()
  for (const moment of session.moments) {
    const row = renderMoment(moment, session.startMs)
    const last = rows.at(-1)
    if (last !== undefined && isRepeat(last, row)) {
      last.count += row.count
      last.endMs = row.endMs
      last.durationMs = last.endMs - last.atMs
    } else rows.push(row)
    places.set(moment, rows.length - 1)
  }
  const left = Math.max(0, rows.length - mostFirst - mostLast)
  const shown = left === 0 ? rows : [...rows.slice(0, mostFirst), ...rows.slice(-mostLast)]
  const entries = shown.map((row, index): BootEntry => ({
    at: new Date(row.atMs).toISOString(), offsetMs: round(row.atMs - session.startMs),
    lane: row.lane, direction: row.direction, title: row.title, detail: row.detail, level: row.level, count: row.count, bytes: row.bytes, durationMs: row.durationMs, retries: row.retries, seq: row.seq,
    gapMs: index === 0 || (left > 0 && index === mostFirst) ? 0 : Math.max(0, round(row.atMs - Math.max(...shown.slice(Math.max(0, index - 8), index).map((before) => before.endMs)))),
  }))
  return {
    entries, left,
    rowOf(moment) {
      const at = places.get(moment)
      if (at === undefined) return null
      return at < mostFirst || left === 0 ? at : at >= rows.length - mostLast ? at - left : null
    },
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

/** ARP, log lines and unreachables of one kind in a row are one row. */
const isRepeat = (last: Row, row: Row): boolean => (row.lane === 'arp' || row.title === 'UNREACHABLE') && last.lane === row.lane && last.title === row.title && last.detail === row.detail && last.direction === row.direction

function renderMoment(moment: Moment, startMs: number): Row {
  const base: Row = { atMs: moment.atMs, endMs: endOf(moment), lane: 'life', direction: 'none', title: '', detail: '', level: 'info', count: 1, bytes: null, durationMs: null, retries: 0, seq: moment.seq }
  const way = (fromMachine: boolean): 'in' | 'out' => (fromMachine ? 'in' : 'out')
  switch (moment.kind) {
    case 'dhcp': return { ...base, lane: 'dhcp', direction: way(moment.fromMachine), title: moment.message.toUpperCase(), detail: describeDhcp(moment), level: moment.message === 'nak' || moment.message === 'decline' ? 'warn' : 'info' }
    case 'dhcp6': return { ...base, lane: 'dhcp', direction: way(moment.fromMachine), title: messageTitles6[moment.message] ?? moment.message.toUpperCase(), detail: describeDhcp6(moment), level: moment.words !== '' || moment.message === 'decline' ? 'warn' : 'info' }
    case 'tftp': return renderTftp(base, moment)
    case 'http': return renderHttp(base, moment)
    case 'connect': return { ...base, lane: 'http', direction: 'in', title: 'CONNECT', detail: `${moment.server}:${moment.port} ${moment.refused ? 'refused' : 'got no answer'}`, level: 'warn', count: moment.tries, retries: moment.tries - 1, durationMs: moment.endMs - moment.atMs }
    case 'unreachable': return { ...base, lane: 'life', direction: way(moment.fromMachine), title: 'UNREACHABLE', detail: `${moment.from} takes nothing${moment.port === null ? '' : ` on port ${moment.port}`}`, level: 'warn' }
    case 'arp': return { ...base, lane: 'arp', direction: way(moment.fromMachine), title: moment.isAnswer ? 'IS-AT' : 'WHO-HAS', detail: moment.isAnswer ? moment.teller : moment.asks === moment.teller ? `${moment.asks} announces itself` : `${moment.asks}, tell ${moment.teller}`, level: 'debug' }
    case 'ignored': return { ...base, lane: 'dhcp', direction: 'out', title: 'NO ANSWER', detail: moment.why, level: 'warn' }
    case 'script': return { ...base, lane: 'script', direction: 'out', title: `SCRIPT ${moment.decision}`, detail: moment.disk === null ? moment.why : `${moment.why} By ${moment.disk}.`, level: moment.decision === 'wait' ? 'warn' : 'info' }
    case 'kernel': return { ...base, lane: moment.source, direction: 'in', title: { started: 'RUNS', alarm: 'SAYS', died: 'PANIC' }[moment.sign], detail: moment.text, level: { started: 'info', alarm: 'warn', died: 'error' }[moment.sign] as Row['level'] }
    case 'inventory': return { ...base, lane: 'ramdisk', direction: 'in', title: 'INVENTORY', detail: `${moment.text}, ${seconds(moment.atMs - startMs)} after its first packet` }
    case 'agent': return { ...base, lane: 'life', direction: 'in', title: 'AGENT', detail: moment.text }
    case 'event': return { ...base, title: moment.event, detail: moment.text, level: moment.level }
  }
}

function describeDhcp(moment: DhcpMoment): string {
  const asks = moment.message === 'discover' || moment.message === 'request'
  const who = moment.client === 'ipxe' ? 'iPXE' : moment.client === 'firmware' ? 'firmware' : 'system'
  return [
    asks ? `${who}${moment.client === 'system' ? '' : ` ${architectureTitle(moment)}`}` : '', moment.address,
    moment.fromMachine ? (moment.server === null ? '' : `of ${moment.server}`) : moment.server === null ? '' : `from ${moment.server}`,
    moment.bootFile, moment.words, moment.isProxyPort ? 'port 4011' : '', moment.relay === null ? '' : `relay ${moment.relay}`,
    moment.xid === null ? '' : `xid ${moment.xid.toString(16).padStart(8, '0')}`, moment.fromMachine && moment.secs !== null && moment.secs > 0 ? `secs ${moment.secs}` : '',
  ].filter((part) => part !== '').join(' · ')
}

/** DHCPv6 has a REQUEST and a DECLINE too. */
const messageTitles6: Readonly<Partial<Record<Dhcp6Moment['message'], string>>> = { request: 'REQUEST 6', release: 'RELEASE 6', decline: 'DECLINE 6', informationRequest: 'INFORMATION-REQUEST' }

function describeDhcp6(moment: Dhcp6Moment): string {
  const asks = moment.message === 'solicit' || moment.message === 'request'
  const who = moment.client === 'ipxe' ? 'iPXE' : moment.client === 'firmware' ? 'firmware' : 'system'
  return [
    asks ? `${who}${moment.client === 'system' ? '' : ` ${architectureTitle(moment)}`}` : '', moment.address, moment.server === null ? '' : `${moment.fromMachine ? 'of' : 'from'} ${serverTitle(moment.server)}`, moment.bootFile, moment.words,
    moment.relay === null ? '' : `relay ${moment.relay}`, moment.transaction === null ? '' : `transaction ${moment.transaction.toString(16).padStart(6, '0')}`, moment.elapsedMs !== null && moment.elapsedMs >= 1000 ? `asking for ${Math.round(moment.elapsedMs / 1000)} s` : '',
  ].filter((part) => part !== '').join(' · ')
}

/** A DHCPv6 server by its identifier (hex): the card that it is made of, where it is. */
export const serverTitle = (duid: string): string => readDuid(Buffer.from(duid, 'hex'))?.mac ?? duid

/** The firmware of a question in words. */
export function architectureTitle(moment: Pick<DhcpMoment, 'architecture' | 'architectureId'>): string {
  const known = architectures.entries.find(({ id }) => id === moment.architectureId)
  if (known) return known.title
  return moment.architecture === null ? 'of no named architecture' : `of architecture ${moment.architecture}`
}

function renderTftp(base: Row, moment: TftpMoment): Row {
  const ends = { open: 'under way', done: 'whole', probe: 'asked for the size only', refused: `refused: ${moment.error}`, aborted: `ended by the machine: ${moment.error}`, silent: 'got no answer' }
  return {
    ...base, lane: 'tftp', direction: 'out', title: `READ ${moment.file}`, count: moment.packets, bytes: moment.bytes, retries: moment.retries, durationMs: moment.endMs - moment.atMs,
    detail: [ends[moment.end], `blocks of ${moment.blockSize}`, moment.windowSize > 1 ? `window ${moment.windowSize}` : '', rate(moment.bytes, moment.endMs - moment.atMs), moment.retries > 0 ? `${moment.retries} again` : ''].filter((part) => part !== '').join(' · '),
    level: moment.end === 'refused' || moment.end === 'aborted' || moment.end === 'silent' ? 'warn' : moment.end === 'probe' ? 'debug' : 'info',
  }
}

function renderHttp(base: Row, moment: HttpMoment): Row {
  const of = moment.sizeBytes !== null && moment.end === 'cut' ? ` of ${moment.sizeBytes}` : ''
  return {
    ...base, lane: 'http', direction: 'out', title: `${moment.method} ${moment.path}`, bytes: moment.bytes, durationMs: moment.endMs - moment.atMs,
    detail: [moment.status === null ? '' : String(moment.status), moment.end === 'cut' ? `cut off after ${moment.bytes}${of} bytes` : '', rate(moment.bytes, moment.endMs - moment.atMs)].filter((part) => part !== '').join(' · '),
    level: moment.end === 'cut' || (moment.status ?? 200) >= 400 ? 'warn' : 'info',
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** Speed of what took long enough to have one. */
const rate = (bytes: number, ms: number): string => (bytes < 65_536 || ms < 1 ? '' : `${(bytes / 1000 / ms).toFixed(bytes / ms > 10_000 ? 0 : 1)} MB/s`)
