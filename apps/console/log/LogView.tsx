'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { LogLine } from '#contract/events'
import { faultSentence } from '../api/request.ts'
import { Icon } from '../kit/Icon.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { formatClock, formatDate, plural, safeText } from '../text/format.ts'
import { filterLog } from './filter-log.ts'
import { levelLooks } from './levels.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
const sources = ['netboot', 'kernel', 'ramdisk', 'agent', 'journal', 'app'] as const
const bottomSlackPx = 24

interface LogViewProps { lines: readonly LogLine[], loading: boolean, fault: unknown, downloadUrl?: string, downloadName?: string, emptyText: string }

/** A log as text: only the lines in sight are in the page. It follows its end until a person scrolls away from it. */
export function LogView({ lines, loading, fault, downloadUrl, downloadName, emptyText }: LogViewProps) {
  const [text, setText] = useState('')
  const [level, setLevel] = useState<LogLine['level']>('debug')
  const [source, setSource] = useState<LogLine['source'] | ''>('')
  const [following, setFollowing] = useState(true)
  const box = useRef<HTMLDivElement>(null)
  const shown = useMemo(() => filterLog(lines, { text, level, source }), [lines, text, level, source])
  const present = useMemo(() => sources.filter((each) => lines.some((line) => line.source === each)), [lines])
  // oxlint-disable-next-line react/incompatible-library -- no React Compiler here
  const rows = useVirtualizer({ count: shown.length, getScrollElement: () => box.current, estimateSize: () => 20, overscan: 30, getItemKey: (index) => shown[index]?.seq ?? index })
  const newest = shown.at(-1)?.seq
  useEffect(() => {
    if (!following || shown.length === 0) return
    rows.scrollToIndex(shown.length - 1, { align: 'end' })
    // Rows are measured once they are drawn, which moves the end: go there once more.
    const frame = requestAnimationFrame(() => { if (box.current) box.current.scrollTop = box.current.scrollHeight })
    return () => cancelAnimationFrame(frame)
  }, [following, newest, rows, shown.length])
  const onScroll = () => {
    const element = box.current
    if (element && element.scrollHeight - element.scrollTop - element.clientHeight < bottomSlackPx) setFollowing(true)
  }
  const leaveEnd = (deltaY: number) => { if (deltaY < 0) setFollowing(false) }
  return (
    <div>
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        <label className="relative min-w-36 flex-1"><span className="sr-only">Filter lines</span><Icon name="search" className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-ink-3" /><input type="search" className="field h-8 py-0 pl-8 text-sm" placeholder="Filter" value={text} onChange={(event) => setText(event.target.value)} /></label>
        <select aria-label="Lowest level" className="field h-8 w-auto py-0 text-sm" value={level} onChange={(event) => setLevel(event.target.value as LogLine['level'])}>{levels.map((each) => <option key={each} value={each}>{each === 'debug' ? 'All levels' : `${levelLooks[each].word} and up`}</option>)}</select>
        {present.length > 1 ? <select aria-label="Source" className="field h-8 w-auto py-0 text-sm" value={source} onChange={(event) => setSource(event.target.value as LogLine['source'] | '')}><option value="">All sources</option>{present.map((each) => <option key={each} value={each}>{each}</option>)}</select> : null}
        <button type="button" aria-pressed={following} onClick={() => setFollowing(!following)} className={`inline-flex h-8 items-center gap-1.5 rounded-[7px] border px-2.5 text-sm ${following ? 'border-mark bg-mark-wash text-mark' : 'border-line-2 bg-panel text-ink-2'}`}><Icon name={following ? 'follow' : 'pause'} />{following ? 'Following' : 'Follow'}</button>
        {downloadUrl ? <a href={downloadUrl} download={downloadName} aria-label="Download the log" title="Download the whole log" className="grid size-8 place-items-center rounded-[7px] border border-line-2 bg-panel text-ink-2 hover:text-ink"><Icon name="download" /></a> : null}
      </div>
      {fault && lines.length === 0 ? <div className="p-4"><Notice tone="error">{faultSentence(fault)}</Notice></div> : null}
      <div ref={box} role="log" aria-label="Log lines" aria-live="off" tabIndex={0} onScroll={onScroll} onWheel={(event) => leaveEnd(event.deltaY)} onTouchMove={() => setFollowing(false)} onKeyDown={(event) => { if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) setFollowing(false) }} className="relative h-[26rem] overflow-y-auto overscroll-contain bg-raised dark:bg-well py-1.5 font-mono text-[0.75rem] leading-5 -outline-offset-2">
        {loading && lines.length === 0 ? <div className="p-3"><Skeleton rows={6} height="h-4" /></div> : null}
        {!loading && shown.length === 0 ? <p className="px-4 py-3 font-sans text-sm text-ink-2">{lines.length === 0 ? emptyText : 'No line matches the filter.'}</p> : null}
        <div className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((item) => {
            const line = shown[item.index]
            return line ? (
              <div key={item.key} ref={rows.measureElement} data-index={item.index} className="absolute inset-x-0 top-0 flex gap-2.5 px-3 hover:bg-well dark:hover:bg-raised" style={{ transform: `translateY(${item.start}px)` }}>
                <time dateTime={line.at} title={formatDate(line.at)} className="shrink-0 text-ink-3 select-none max-sm:hidden">{formatClock(line.at)}</time>
                <span className="w-14 shrink-0 truncate text-ink-3 select-none">{line.source}</span>
                <span className={`min-w-0 flex-1 break-words whitespace-pre-wrap [overflow-wrap:anywhere] ${levelLooks[line.level].text}`}>{safeText(line.text)}</span>
              </div>
            ) : null
          })}
        </div>
      </div>
      <p className="border-t border-line px-4 py-1.5 text-xs text-ink-3">{shown.length === lines.length ? plural(lines.length, 'line') : `${shown.length} of ${plural(lines.length, 'line')}`}</p>
    </div>
  )
}
