'use client'
import { Fragment } from 'react'
import type { Boot, BootEntry } from '#contract/blackbox-api'
import { levelLooks } from '../log/levels.ts'
import { formatBytes, formatDate, safeText } from '../text/format.ts'
import { formatGap, type PlacedEntry } from './filter-entries.ts'

/** A pause of this length or more is drawn as a line of its own. */
const longGapMs = 1000
const ways = { in: { arrow: '→', word: 'from the machine' }, out: { arrow: '←', word: 'to the machine' }, none: { arrow: '·', word: '' } } as const
const columns = 'grid grid-cols-[3.3rem_3.2rem_0.8rem_minmax(0,1fr)] items-baseline gap-x-1.5 md:gap-x-2 md:grid-cols-[0.5rem_5rem_4.5rem_3.6rem_1rem_minmax(0,1fr)_auto_9rem]'

/** The rows of one boot: when, how long after the one before, what, whereto, how much; a bar shows where in the boot it lies. */
export function BootRows({ boot, rows, evidence, filtered }: { boot: Boot, rows: readonly PlacedEntry[], evidence: ReadonlySet<number>, filtered: boolean }) {
  const totalMs = Math.max(1, ...boot.entries.map((entry) => entry.offsetMs + (entry.durationMs ?? 0)))
  return (
    <ol aria-label="Packets and events of this boot" tabIndex={0} className="relative max-h-[34rem] overflow-y-auto overscroll-contain py-1.5 font-mono text-[0.75rem] leading-5 -outline-offset-2">
      {rows.map(({ entry, index }) => (
        <Fragment key={index}>
          {!filtered && entry.gapMs >= longGapMs ? <Pause ms={entry.gapMs} /> : null}
          <Row entry={entry} isEvidence={evidence.has(index)} totalMs={totalMs} index={index} />
        </Fragment>
      ))}
      {boot.left > 0 ? <li className="px-4 py-1 font-sans text-sm text-ink-3">{boot.left} rows in the middle of this boot are left out: the capture file has them.</li> : null}
      {rows.length === 0 ? <li className="px-4 py-3 font-sans text-sm text-ink-2">No row matches the filter.</li> : null}
    </ol>
  )
}

function Pause({ ms }: { ms: number }) {
  return (
    <li aria-label={`${formatGap(ms)} of silence`} className={`flex items-center gap-3 px-4 py-0.5 text-amber ${ms >= 10_000 ? 'font-semibold' : ''}`}>
      <span aria-hidden className="h-px flex-1 bg-current opacity-35" /><span>{formatGap(ms)} of silence</span><span aria-hidden className="h-px flex-1 bg-current opacity-35" />
    </li>
  )
}

function Row({ entry, isEvidence, totalMs, index }: { entry: BootEntry, isEvidence: boolean, totalMs: number, index: number }) {
  const { arrow, word } = ways[entry.direction]
  const amount = [entry.count > 1 ? `×${entry.count}` : '', entry.bytes ? formatBytes(entry.bytes) : '', entry.durationMs !== null && entry.durationMs >= 1 ? formatGap(entry.durationMs) : ''].filter((part) => part !== '').join(' · ')
  const from = (entry.offsetMs / totalMs) * 100
  const width = Math.max(0.8, ((entry.durationMs ?? 0) / totalMs) * 100)
  return (
    <li id={`boot-row-${index}`} data-evidence={isEvidence || undefined} className={`${columns} px-3 hover:bg-raised ${isEvidence ? 'bg-mark-wash' : ''}`}>
      <span aria-hidden className={`size-1.5 self-center rounded-full max-md:hidden ${isEvidence ? 'bg-mark' : ''}`} />
      <time dateTime={entry.at} title={formatDate(entry.at)} className="text-right text-ink-2">{(entry.offsetMs / 1000).toFixed(3)}</time>
      <span className={`text-right max-md:hidden ${entry.gapMs >= longGapMs ? 'text-amber' : 'text-ink-3'}`}>{entry.gapMs >= 0.05 ? `+${formatGap(entry.gapMs)}` : ''}</span>
      <span className="text-ink-3 uppercase">{entry.lane}</span>
      <span title={word} className="text-ink-3">{arrow}<span className="sr-only"> {word}</span></span>
      <span className="min-w-0 break-words [overflow-wrap:anywhere]">
        <span className={`font-semibold ${entry.level === 'info' ? '' : levelLooks[entry.level].text}`}>{safeText(entry.title)}</span>
        <span className={entry.level === 'warn' || entry.level === 'error' ? levelLooks[entry.level].text : 'text-ink-2'}> {safeText(entry.detail)}</span>
        {amount === '' ? null : <span className="text-ink-3 md:hidden"> {amount}</span>}
      </span>
      <span className="text-right whitespace-nowrap text-ink-3 max-md:hidden">{amount}</span>
      <svg aria-hidden viewBox="0 0 100 8" preserveAspectRatio="none" className="h-2 w-full self-center max-md:hidden"><rect x="0" y="3.5" width="100" height="1" className="fill-line" /><rect x={Math.min(from, 99)} y="1" width={Math.min(width, 100 - Math.min(from, 99))} height="6" rx="0.6" className={entry.level === 'error' ? 'fill-red' : entry.level === 'warn' ? 'fill-amber' : isEvidence ? 'fill-mark' : 'fill-ink-3'} /></svg>
    </li>
  )
}
