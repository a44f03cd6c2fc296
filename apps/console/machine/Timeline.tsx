'use client'
import { useState } from 'react'
import type { JournalEvent } from '#contract/events'
import { faultSentence } from '../api/request.ts'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { Section } from '../kit/Page.tsx'
import { levelLooks } from '../log/levels.ts'
import { formatClock, formatDate, plural, safeText } from '../text/format.ts'

const shownAtFirst = 60

/** What happened to this machine, newest first, from its first packet on. */
export function Timeline({ events, loading, fault }: { events: readonly JournalEvent[], loading: boolean, fault: unknown }) {
  const [most, setMost] = useState(shownAtFirst)
  const [quiet, setQuiet] = useState(true)
  const wanted = quiet ? events.filter(({ level }) => level !== 'debug') : events
  const shown = wanted.slice(-most).reverse()
  return (
    <Section title="Timeline" note={plural(wanted.length, 'event')} action={<label className="flex items-center gap-2 text-sm text-ink-2"><input type="checkbox" className="size-4 accent-mark" checked={!quiet} onChange={(event) => setQuiet(!event.target.checked)} />Every packet</label>}>
      {fault ? <div className="p-4"><Notice tone="error">{faultSentence(fault)}</Notice></div> : null}
      {loading ? <div className="p-4"><Skeleton rows={3} height="h-6" /></div> : null}
      <ol aria-label="Events" className="relative max-h-[28rem] overflow-y-auto py-2">
        {shown.map((event) => (
          <li key={event.seq} className="grid grid-cols-[3.9rem_0.375rem_minmax(0,1fr)] items-baseline gap-x-3 px-4 py-1 text-sm sm:grid-cols-[5.7rem_0.375rem_minmax(0,1fr)_auto]">
            <time dateTime={event.at} title={formatDate(event.at)} className="font-mono text-xs text-ink-3">{formatClock(event.at).slice(0, 8)}<span className="max-sm:hidden">{formatClock(event.at).slice(8)}</span></time>
            <span aria-hidden className={`mt-[0.45rem] size-1.5 self-start rounded-full ${levelLooks[event.level].dot}`} />
            <span className={`break-words ${levelLooks[event.level].text}`}>{safeText(event.text)}</span>
            <span className="font-mono text-xs text-ink-3 max-sm:hidden">{event.kind}</span>
          </li>
        ))}
        {!loading && shown.length === 0 ? <li className="px-4 py-3 text-sm text-ink-2">Nothing yet.</li> : null}
      </ol>
      {wanted.length > most ? <button type="button" onClick={() => setMost(most + 500)} className="w-full border-t border-line py-2 text-sm text-mark hover:bg-raised">Show older ({wanted.length - most})</button> : null}
    </Section>
  )
}
