import Link from 'next/link'
import { memo } from 'react'
import type { Lease } from '#contract/network-api'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { LongName } from '../kit/LongName.tsx'
import { pages } from '../paths.ts'
import { formatAgo, formatDate, formatSpan, safeText } from '../text/format.ts'
import { leaseLooks } from './lease-looks.ts'

/** The columns of the table, for its head and its rows. */
export const leaseColumns = 'md:grid md:grid-cols-[8.5rem_minmax(0,1fr)_8rem_7rem_1.5rem] md:items-center md:gap-3'

interface LeaseRowProps { lease: Lease, now: number, open: boolean, onToggle: () => void, onRelease: () => void, onReserve: () => void }

/** One lease: who, why, until when; opened, the reason in full and what can be done. */
export const LeaseRow = memo(function LeaseRow({ lease, now, open, onToggle, onRelease, onReserve }: LeaseRowProps) {
  const looks = leaseLooks[lease.state]
  const name = lease.machineName ?? lease.hostname
  return (
    <div className={`border-b border-line ${open ? 'bg-raised' : 'hover:bg-raised'}`}>
      <div className={`relative px-4 py-2 ${leaseColumns}`}>
        <span className="font-mono text-sm">{lease.address}</span>
        <div className="min-w-0 text-sm">
          {lease.machineId ? <Link href={pages.machine(lease.machineId)} prefetch={false} className="block font-medium hover:text-mark max-md:pr-6"><LongName name={lease.machineName ?? lease.machineId} /></Link> : <span className="block font-medium max-md:pr-6">{name ? <LongName name={safeText(name)} /> : <span className="font-normal text-ink-3">no name</span>}</span>}
          <span className="block font-mono text-xs text-ink-3">{lease.mac}</span>
        </div>
        <span className={`inline-flex items-center gap-1.5 text-sm ${looks.text}`}><span aria-hidden className={`size-2 rounded-full ${looks.dot}`} />{looks.word}{lease.reserved ? <span title="Reserved for a client"><Icon name="key" className="size-3.5 text-mark" /><span className="sr-only">reserved</span></span> : null}</span>
        <time dateTime={lease.until} title={formatDate(lease.until)} className="text-sm text-ink-3 max-md:ml-3">{until(lease, now)}</time>
        <button type="button" aria-expanded={open} aria-label={`Details of ${lease.address}`} onClick={onToggle} className="rounded p-0.5 text-ink-3 hover:text-ink max-md:absolute max-md:top-0 max-md:right-1 max-md:p-3"><Icon name={open ? 'down' : 'right'} /></button>
      </div>
      {open ? (
        <div className="flex flex-wrap items-end gap-x-6 gap-y-3 px-4 pb-3 text-sm">
          <div className="min-w-0 flex-1 basis-72">
            <p>{lease.why}</p>
            <p className="mt-1 text-xs [overflow-wrap:anywhere] text-ink-3">Since {formatDate(lease.since)}{lease.state === 'released' ? '' : `, until ${formatDate(lease.until)}`}{lease.clientId ? `, client id ${lease.clientId}` : ''}{lease.hostname && lease.machineName ? `, calls itself ${safeText(lease.hostname)}` : ''}</p>
          </div>
          <div className="flex gap-2">
            <Button small cannotWhy={lease.reserved ? 'It is reserved already: see the reservations.' : lease.state === 'declined' || lease.state === 'conflict' ? 'It is in conflict: find the other device first.' : undefined} onClick={onReserve}>Reserve</Button>
            <Button small cannotWhy={lease.state === 'released' ? 'It is released already.' : undefined} onClick={onRelease}>Release</Button>
          </div>
        </div>
      ) : null}
    </div>
  )
})

function until({ state, until }: Lease, now: number): string {
  const left = Date.parse(until) - now
  if (state === 'released') return formatAgo(until, now)
  return left > 0 ? `in ${formatSpan(left).replace(/ \d\d s$/, '')}` : formatAgo(until, now)
}
