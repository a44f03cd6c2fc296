'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { JournalEvent } from '#contract/events'
import { keys } from '../api/queries.ts'

const quietMs = 700
const ours = /^(dhcp\.(acked|released|declined|conflict|otherServer|otherServerGone|noServer|serverFound)|network\.|lease\.|address\.)/

/** Asks for networks and leases again as soon as the journal says that something happened to them, at most some times in a minute. */
export function useNetworkPulse(): void {
  const client = useQueryClient()
  const activity = useQuery<readonly JournalEvent[]>({ queryKey: keys.activity, enabled: false })
  const newest = activity.data?.findLast(({ kind }) => ours.test(kind))?.seq ?? 0
  const seen = useRef(newest)
  useEffect(() => {
    if (newest <= seen.current) return
    const timer = setTimeout(() => {
      seen.current = newest
      void client.invalidateQueries({ queryKey: keys.networks })
    }, quietMs)
    return () => clearTimeout(timer)
  }, [client, newest])
}
