'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { type Lease, leaseStates, type Network } from '#contract/network-api'
import { leasesQuery } from '../api/network-queries.ts'
import { faultSentence } from '../api/request.ts'
import { Icon } from '../kit/Icon.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { Section } from '../kit/Page.tsx'
import { useNow } from '../live/use-now.ts'
import { plural } from '../text/format.ts'
import { leaseLooks } from './lease-looks.ts'
import { leaseColumns, LeaseRow } from './LeaseRow.tsx'
import { ReleaseLeaseDialog } from './ReleaseLeaseDialog.tsx'
import { ReserveDialog } from './ReserveDialog.tsx'

/** Who has which address, why and until when; only rows in sight are in the page, and pages are fetched as they come into sight. */
export function LeaseTable({ network, text, onText }: { network: Network, text: string, onText: (text: string) => void }) {
  const [state, setState] = useState<Lease['state']>()
  const [open, setOpen] = useState<string>()
  const [dialog, setDialog] = useState<{ kind: 'release' | 'reserve', lease: Lease }>()
  const now = useNow(5000)
  const box = useRef<HTMLDivElement>(null)
  const leases = useInfiniteQuery(leasesQuery(network.id, { state, text: useDeferredValue(text.trim()) }))
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = leases
  const shown = useMemo(() => leases.data?.pages.flatMap((page) => page.leases) ?? [], [leases.data])
  const first = leases.data?.pages[0]
  const all = leaseStates.reduce((sum, each) => sum + (first?.counts[each] ?? 0), 0)
  // oxlint-disable-next-line react/incompatible-library -- no React Compiler here
  const rows = useVirtualizer({ count: shown.length, getScrollElement: () => box.current, estimateSize: () => (window.innerWidth < 768 ? 93 : 57), overscan: 10, getItemKey: (index) => shown[index]?.address ?? index })
  const last = rows.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= shown.length - 20) void fetchNextPage()
  }, [fetchNextPage, hasNextPage, isFetchingNextPage, last, shown.length])
  const close = () => setDialog(undefined)
  return (
    <Section title="Leases" note={first ? plural(all, 'lease') : undefined}>
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        <label className="relative min-w-48 flex-1"><span className="sr-only">Search leases</span><Icon name="search" className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-ink-3" /><input type="search" className="field h-8 py-0 pl-8 text-sm" placeholder="Address, MAC, machine, host name" value={text} onChange={(event) => onText(event.target.value)} /></label>
        <div role="group" aria-label="State" className="flex flex-wrap gap-1">
          {leaseStates.filter((each) => (first?.counts[each] ?? 0) > 0 || each === state).map((each) => (
            <button key={each} type="button" aria-pressed={state === each} onClick={() => setState(state === each ? undefined : each)} className={`inline-flex h-8 items-center gap-1.5 rounded-[7px] border px-2.5 text-sm ${state === each ? 'border-mark bg-mark-wash text-mark' : 'border-line-2 bg-panel text-ink-2 hover:bg-raised'}`}>
              <span aria-hidden className={`size-2 rounded-full ${leaseLooks[each].dot}`} />{leaseLooks[each].word} <span className="text-ink-3">{first?.counts[each] ?? 0}</span>
            </button>
          ))}
        </div>
      </div>
      {leases.error && !leases.data ? <div className="p-4"><Notice tone="error">{faultSentence(leases.error)}</Notice></div> : null}
      {leases.isPending ? <div className="p-3"><Skeleton rows={4} height="h-9" /></div> : null}
      {leases.data && shown.length === 0 ? <p className="px-4 py-6 text-sm text-ink-2">{text || state ? 'No lease matches.' : network.mode === 'proxy' ? 'This network is in mode proxyDHCP: another server gives the addresses.' : 'Nobody has an address yet. The first machine that boots here appears at once.'}</p> : null}
      {shown.length > 0 ? <div aria-hidden className={`label border-b border-line bg-raised px-4 py-1.5 max-md:hidden ${leaseColumns}`}><span>Address</span><span>Who</span><span>State</span><span>Until</span><span /></div> : null}
      <div ref={box} tabIndex={-1} className="max-h-[32rem] overflow-y-auto overscroll-contain">
        <ul aria-label="Leases" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((item) => {
            const lease = shown[item.index]
            return lease ? (
              <li key={item.key} ref={rows.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start}px)` }}>
                <LeaseRow lease={lease} now={now} open={open === lease.address} onToggle={() => setOpen(open === lease.address ? undefined : lease.address)} onRelease={() => setDialog({ kind: 'release', lease })} onReserve={() => setDialog({ kind: 'reserve', lease })} />
              </li>
            ) : null
          })}
        </ul>
      </div>
      {dialog?.kind === 'release' ? <ReleaseLeaseDialog lease={dialog.lease} onClose={close} /> : null}
      {dialog?.kind === 'reserve' ? <ReserveDialog network={network} client={dialog.lease.mac} address={dialog.lease.address} onClose={close} /> : null}
    </Section>
  )
}
