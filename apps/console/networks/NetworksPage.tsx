'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { networksQuery } from '../api/network-queries.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Empty, Notice, Skeleton } from '../kit/Notice.tsx'
import { PageHead } from '../kit/Page.tsx'
import { AddNetworkDialog } from './AddNetworkDialog.tsx'
import { NetworkCard } from './NetworkCard.tsx'
import { Strangers } from './Strangers.tsx'
import { useNetworkPulse } from './use-network-pulse.ts'

/** Where machines are booted: every network with how full it is and what needs a person. */
export function NetworksPage() {
  const networks = useQuery(networksQuery)
  const [adding, setAdding] = useState(false)
  useNetworkPulse()
  return (
    <>
      <PageHead title="Networks" lead="The networks on which this appliance gives addresses and boots machines.">
        {networks.data ? <Button onClick={() => setAdding(true)}>Add a network</Button> : null}
      </PageHead>
      {networks.error && !networks.data ? <Notice tone="error">{faultSentence(networks.error)}</Notice> : null}
      {networks.isPending ? <Skeleton rows={2} height="h-40" /> : null}
      {networks.data?.length === 0 ? <Empty icon="network" title="No network"><p>Start the appliance with scripts/up --interface IF to serve one.</p></Empty> : null}
      <ul aria-label="Networks" className="grid gap-4 xl:grid-cols-2">{networks.data?.map((network) => <li key={network.id} className="min-w-0"><NetworkCard network={network} /></li>)}</ul>
      <Strangers />
      {adding ? <AddNetworkDialog onClose={() => setAdding(false)} /> : null}
    </>
  )
}
