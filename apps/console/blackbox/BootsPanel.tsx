'use client'
import { useMemo, useState } from 'react'
import type { Boot, BootEntry, Boots } from '#contract/blackbox-api'
import { faultSentence } from '../api/request.ts'
import { Icon } from '../kit/Icon.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { Section } from '../kit/Page.tsx'
import { api } from '../paths.ts'
import { formatBytes, formatClock, formatDate, plural, safeText } from '../text/format.ts'
import { BootRows } from './BootRows.tsx'
import { DiagnosisCard } from './DiagnosisCard.tsx'
import { filterEntries, lanesOf } from './filter-entries.ts'
import { StageTrack } from './StageTrack.tsx'

const outcomes = { running: ['Under way', 'bg-amber'], discovered: ['Discovered', 'bg-green'], disk: ['Into its disk', 'bg-green'], waiting: ['Waits', 'bg-amber'], ignored: ['Ignored', 'bg-grey'], stopped: ['Stopped', 'bg-red'] } as const satisfies Record<Boot['outcome'], readonly [string, string]>

interface BootsPanelProps { id: string, name: string, boots: Boots | undefined, loading: boolean, fault: unknown, chosen: string | null, onChoose: (boot: string | null) => void }

/** Every boot of a machine, packet by packet, with what is wrong with it; the newest is shown until another one is chosen. */
export function BootsPanel({ id, name, boots, loading, fault, chosen, onChoose }: BootsPanelProps) {
  const all = boots?.boots ?? []
  const boot = all.find((one) => one.id === chosen) ?? all[0]
  return (
    <Section title="Boots" note={boots === undefined ? undefined : all.length === 0 ? 'none recorded yet' : `${plural(all.length, 'boot')}, ${formatBytes(boots.recordedBytes)} of packets`}
      action={boots !== undefined && boots.recordedBytes > 0 ? <a href={api.machinePackets(id)} download={`${name}.pcap`} className="inline-flex h-7 items-center gap-2 rounded-[7px] border border-line-2 bg-panel px-2.5 text-sm font-medium hover:bg-raised"><Icon name="download" />Packets<span className="max-sm:hidden"> (.pcap)</span></a> : null}>
      {fault && boots === undefined ? <div className="p-4"><Notice tone="error">{faultSentence(fault)}</Notice></div> : null}
      {loading && boots === undefined ? <div className="p-4"><Skeleton rows={4} height="h-5" /></div> : null}
      {boots !== undefined && boot === undefined ? <p className="px-4 py-3 text-sm text-ink-2">From the first packet of its next boot on, everything it says and is told appears here.</p> : null}
      {all.length > 1 ? <Tabs boots={all} chosen={boot?.id} onChoose={(wanted) => onChoose(wanted === all[0]?.id ? null : wanted)} /> : null}
      {boot ? <OneBoot key={boot.id} boot={boot} isNewest={boot.id === all[0]?.id} /> : null}
    </Section>
  )
}

function Tabs({ boots, chosen, onChoose }: { boots: readonly Boot[], chosen: string | undefined, onChoose: (boot: string) => void }) {
  return (
    <div role="group" aria-label="Which boot" className="flex gap-1.5 overflow-x-auto border-b border-line px-3 py-2">
      {boots.map((boot) => {
        const [word, fill] = outcomes[boot.outcome]
        return (
          <button key={boot.id} type="button" aria-pressed={boot.id === chosen} title={formatDate(boot.startedAt)} onClick={() => onChoose(boot.id)} className={`inline-flex shrink-0 items-center gap-2 rounded-[7px] border px-2.5 py-1 text-sm ${boot.id === chosen ? 'border-mark bg-mark-wash text-mark' : 'border-line-2 bg-panel text-ink-2 hover:text-ink'}`}>
            <span aria-hidden className={`size-2 rounded-full ${fill}`} /><span className="font-mono text-xs">{formatClock(boot.startedAt).slice(0, 8)}</span>{word}{boot.diagnoses.length > 0 ? <Icon name="warn" className="size-3.5" /> : null}
          </button>
        )
      })}
    </div>
  )
}

function OneBoot({ boot, isNewest }: { boot: Boot, isNewest: boolean }) {
  const [text, setText] = useState('')
  const [smallTalk, setSmallTalk] = useState(false)
  const [hidden, setHidden] = useState<ReadonlySet<BootEntry['lane']>>(new Set())
  const evidence = useMemo(() => new Set(boot.diagnoses.flatMap((one) => one.evidence)), [boot.diagnoses])
  const rows = useMemo(() => filterEntries(boot.entries, evidence, { text, hidden, smallTalk }), [boot.entries, evidence, text, hidden, smallTalk])
  const lanes = useMemo(() => lanesOf(boot.entries), [boot.entries])
  const toggle = (lane: BootEntry['lane']) => setHidden((held) => { const next = new Set(held); if (!next.delete(lane)) next.add(lane); return next })
  return (
    <div>
      <div className="flex flex-col gap-2 px-4 pt-3 pb-2">
        <p><span className="font-medium">{safeText(boot.summary)}</span> <span className="text-sm text-ink-2">{safeText([boot.firmware, boot.path, boot.mac].filter((part) => part !== '').join(' · '))}</span></p>
        <p className="font-mono text-xs text-ink-3">{[formatDate(boot.startedAt), plural(boot.packets, 'packet'), ...(boot.bytes > 0 ? [formatBytes(boot.bytes)] : []), ...(boot.retries > 0 ? [`${boot.retries} sent again`] : [])].join(' · ')}</p>
        <StageTrack boot={boot} />
      </div>
      {isNewest ? null : boot.diagnoses.map((diagnosis) => <div key={diagnosis.id} className="px-4 pb-2"><DiagnosisCard diagnosis={diagnosis} /></div>)}
      <div className="flex flex-wrap items-center gap-1.5 border-y border-line bg-raised px-3 py-2">
        <label className="relative min-w-36 flex-1 sm:max-w-56"><span className="sr-only">Filter packets</span><Icon name="search" className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-ink-3" /><input type="search" className="field h-8 py-0 pl-8 text-sm" placeholder="Filter packets" value={text} onChange={(event) => setText(event.target.value)} /></label>
        {lanes.map((lane) => <button key={lane} type="button" aria-pressed={!hidden.has(lane)} onClick={() => toggle(lane)} className={`h-8 rounded-[7px] border px-2 font-mono text-xs uppercase ${hidden.has(lane) ? 'border-line bg-panel text-ink-3 line-through' : 'border-line-2 bg-panel text-ink'}`}>{lane}</button>)}
        <label className="ml-auto flex items-center gap-2 text-sm text-ink-2"><input type="checkbox" className="size-4 accent-mark" checked={smallTalk} onChange={(event) => setSmallTalk(event.target.checked)} />Small talk</label>
      </div>
      <BootRows boot={boot} rows={rows} evidence={evidence} filtered={text !== '' || hidden.size > 0} />
    </div>
  )
}
