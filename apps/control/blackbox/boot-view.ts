import type { Boot } from '#contract/blackbox-api'
import { diagnose, type RuleContext } from './diagnose.ts'
import { architectureTitle, renderEntries } from './entries.ts'
import type { Moment } from './moment.ts'
import { addressTalkOf, diskSpoke, outcomeOf, stageOf, tftpOf, type Session } from './sessions.ts'

/** A boot as operators see it, with its diagnoses. `sessions` are all boots of the machine, oldest first; `index` says which. */
export function renderBoot(sessions: readonly Session[], index: number, context: RuleContext): Boot | undefined {
  const session = sessions[index]
  if (session === undefined) return undefined
  const { entries, left, rowOf } = renderEntries(session)
  const outcome = outcomeOf(session, context.nowMs)
  const position = (moment: Moment): number[] => { const row = rowOf(moment); return row === null ? [] : [row] }
  const lasting = session.moments.filter(({ kind }) => kind !== 'event')
  const endMs = Math.max(session.startMs, ...lasting.map((moment) => ('endMs' in moment ? moment.endMs : moment.atMs)))
  return {
    id: String(Math.round(session.startMs)), startedAt: new Date(session.startMs).toISOString(), endedAt: new Date(endMs).toISOString(), mac: session.mac,
    firmware: firmwareOf(session), path: pathOf(session), stage: stageOf(session), outcome, summary: summaryOf(session, outcome, endMs),
    packets: entries.reduce((sum, { lane, count }) => sum + (lane === 'dhcp' || lane === 'arp' || lane === 'tftp' || lane === 'http' ? count : 0), 0),
    bytes: entries.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0), retries: entries.reduce((sum, { retries }) => sum + retries, 0), left, entries,
    diagnoses: diagnose(sessions, index, context).map(({ evidence, ...diagnosis }) => ({ ...diagnosis, evidence: [...new Set(evidence.flatMap(position))].sort((a, b) => a - b) })),
  }
}

/** What the first question of a boot says of the firmware, in words; empty where it says nothing. */
export function firmwareOf(session: Session): string {
  const asking = addressTalkOf(session).find((moment) => moment.fromMachine && moment.client !== 'system')
  return asking === undefined ? '' : architectureTitle(asking)
}

/** How the loader came: `TFTP snponly.efi, window 4`, `HTTP Boot snponly.efi`, `iPXE in the card`; empty where none was fetched. */
export function pathOf(session: Session): string {
  const transfer = tftpOf(session).find(({ end }) => end !== 'refused' && end !== 'silent')
  if (transfer) return `TFTP ${transfer.file}${transfer.windowSize > 1 ? `, window ${transfer.windowSize}` : ''}`
  const firstIpxe = session.moments.findIndex((moment) => (moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.client === 'ipxe')
  const request = session.moments.slice(0, firstIpxe < 0 ? undefined : firstIpxe).find((moment) => moment.kind === 'http' && /\.(efi|kpxe|pxe)$/.test(moment.path))
  if (request?.kind === 'http') return `HTTP Boot ${request.path.split('/').at(-1) ?? ''}`
  return firstIpxe >= 0 ? 'iPXE in the card' : ''
}

function summaryOf(session: Session, outcome: Boot['outcome'], endMs: number): string {
  const inventory = session.moments.find(({ kind }) => kind === 'inventory')
  const took = `${(((inventory?.atMs ?? endMs) - session.startMs) / 1000).toFixed(1)} s`
  switch (outcome) {
    case 'discovered': return `Ran the ramdisk: facts ${took} after the first packet.`
    case 'disk': return diskSpoke(session) ? 'Started from its disk.' : 'Was sent into its disk.'
    case 'waiting': return 'Waits: its script tells it to ask again.'
    case 'ignored': return 'Was told that nothing is here for it.'
    case 'running': return `Under way: ${stageWords[stageOf(session)]}.`
    case 'stopped': return `Stopped after ${took}: ${stageWords[stageOf(session)]}.`
  }
}

const stageWords = { asking: 'it asked for an address', offered: 'it was offered an address', addressed: 'it got an address', loader: 'it got its loader', script: 'it got its script', kernel: 'it fetched the kernel', ramdisk: 'it fetched the ramdisk', inventory: 'it told what it is', disk: 'it started from its disk' } as const
