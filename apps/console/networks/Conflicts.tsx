'use client'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Lease, Network } from '#contract/network-api'
import { leasesQuery, reservationsQuery } from '../api/network-queries.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { Section } from '../kit/Page.tsx'
import { useNow } from '../live/use-now.ts'
import { formatSpan } from '../text/format.ts'
import { ReleaseLeaseDialog } from './ReleaseLeaseDialog.tsx'

/** Addresses that somebody else uses, and reservations that cannot be given, each with what to do. */
export function Conflicts({ network }: { network: Network }) {
  const leases = useInfiniteQuery(leasesQuery(network.id, { state: 'conflict', text: '' }))
  const reservations = useQuery(reservationsQuery(network.id))
  const [releasing, setReleasing] = useState<Lease>()
  const now = useNow(5000)
  const left = (lease: Lease) => Math.max(0, Date.parse(lease.until) - now)
  return (
    <Section title="Conflicts">
      <ul aria-label="Conflicts" className="divide-y divide-line">
        {leases.data?.pages.flatMap((page) => page.leases).map((lease) => (
          <li key={lease.address} className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-2.5 text-sm">
            <Icon name="warn" className="mt-0.5 text-red" />
            <div className="min-w-0 flex-1 basis-56"><p><span className="font-mono">{lease.address}</span> <span className="text-ink-3">left alone for {formatSpan(left(lease)).replace(/ \d\d s$/, '')} more</span></p><p className="text-ink-2">{lease.why}</p></div>
            <Button small onClick={() => setReleasing(lease)}>Release</Button>
          </li>
        ))}
        {reservations.data?.filter(({ problem }) => problem !== null).map((one) => (
          <li key={one.address} className="flex items-start gap-3 px-4 py-2.5 text-sm"><Icon name="key" className="mt-0.5 text-amber" /><div className="min-w-0"><p className="font-mono">{one.address}</p><p className="text-ink-2">{one.problem}</p></div></li>
        ))}
      </ul>
      {releasing ? <ReleaseLeaseDialog lease={releasing} onClose={() => setReleasing(undefined)} /> : null}
    </Section>
  )
}
