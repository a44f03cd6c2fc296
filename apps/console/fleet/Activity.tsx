'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import type { Machine } from '#contract/operator-api'
import { activityQuery, statusQuery } from '../api/queries.ts'
import { LongName } from '../kit/LongName.tsx'
import { Section } from '../kit/Page.tsx'
import { useNow } from '../live/use-now.ts'
import { levelLooks } from '../log/levels.ts'
import { pages } from '../paths.ts'
import { formatAgo, formatDate, safeText } from '../text/format.ts'

/** What happened lately, newest first; packets that are only of interest to one machine's page are left out. */
export function Activity({ machines }: { machines: readonly Machine[] }) {
  const client = useQueryClient()
  const status = useQuery(statusQuery)
  const activity = useQuery({ ...activityQuery(client, status.data?.seq ?? 0), enabled: status.data !== undefined })
  const now = useNow(5000)
  const names = new Map(machines.map(({ id, name }) => [id, name]))
  const lines = (activity.data ?? []).filter(({ level }) => level !== 'debug').slice(-40).reverse()
  return (
    <Section title="Lately" className="self-start 2xl:sticky 2xl:top-6">
      <ol aria-label="Latest events" className="relative max-h-64 2xl:max-h-[70dvh] overflow-y-auto py-1.5">
        {lines.length === 0 ? <li className="px-4 py-3 text-sm text-ink-3">Nothing yet.</li> : null}
        {lines.map((event) => (
          <li key={event.seq} className="px-4 py-1.5 text-sm">
            <p className={`break-words ${levelLooks[event.level].text}`}>{safeText(event.text)}</p>
            <p className="flex justify-between gap-3 text-xs text-ink-3">
              {event.machineId ? <Link href={pages.machine(event.machineId)} prefetch={false} className="min-w-0 hover:text-mark"><LongName name={names.get(event.machineId) ?? event.machineId} /></Link> : <span>appliance</span>}
              <time dateTime={event.at} title={formatDate(event.at)} className="shrink-0">{formatAgo(event.at, now)}</time>
            </p>
          </li>
        ))}
      </ol>
    </Section>
  )
}
