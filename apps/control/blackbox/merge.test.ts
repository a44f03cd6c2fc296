import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '#contract/events'
import { dhcp, storyTime } from '../../../test/sim/made-story.ts'
import { mergeMoments } from './merge.ts'
import { readJournal } from './read-journal.ts'

const line = (seq: number, kind: string, at: number, data: Record<string, unknown>): JournalEvent => ({ seq, at: new Date(storyTime(at)).toISOString(), machineId: 'm1', kind, level: 'info', text: kind, data })
const merged = (...[packets, lines]: [Parameters<typeof mergeMoments>[0], JournalEvent[]]) => mergeMoments(packets, readJournal(lines)).map((moment) => (moment.kind === 'dhcp' ? [moment.message, moment.server, moment.seq] : [moment.kind]))

describe('packets and journal of a boot beside another DHCP server', () => {
  const theirs = dhcp(0.001, 'offer', 'firmware', { server: '10.77.0.50', address: '10.77.0.63', bootFile: '' })
  const ours = dhcp(0.002, 'offer', 'firmware', { address: '' })
  it('are one story: the proxy’s offer, which has no address, is told once and laid over our own packet', () => {
    expect(merged([dhcp(0, 'discover'), theirs, ours], [line(1, 'dhcp.discovered', 0.003, {}), line(2, 'dhcp.offered', 0.004, { address: '0.0.0.0', bootFile: 'snponly.efi' })]))
      .toEqual([['discover', null, 1], ['offer', '10.77.0.50', null], ['offer', '10.77.0.1', 2]])
  })
  it('tell the answer of port 4011 once', () => {
    expect(merged([dhcp(2, 'ack', 'firmware', { address: '', isProxyPort: true })], [line(3, 'dhcp.acked', 2.01, { address: '10.77.0.63', bootFile: 'snponly.efi' })])).toEqual([['ack', '10.77.0.1', 3]])
  })
  it('have no address 0.0.0.0 where only the journal tells', () => {
    const [moment] = readJournal([line(2, 'dhcp.offered', 0, { address: '0.0.0.0', bootFile: 'snponly.efi' })]).moments
    expect(moment).toMatchObject({ kind: 'dhcp', address: '', bootFile: 'snponly.efi' })
  })
})
