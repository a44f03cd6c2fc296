'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useParams, useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'
import type { Network } from '#contract/network-api'
import { networksQuery } from '../api/network-queries.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { Empty, Notice, Skeleton } from '../kit/Notice.tsx'
import { Section } from '../kit/Page.tsx'
import { pages } from '../paths.ts'
import { asSentence } from '../text/format.ts'
import { AddressMap } from './AddressMap.tsx'
import { Conflicts } from './Conflicts.tsx'
import { LeaseTable } from './LeaseTable.tsx'
import { ModePanel } from './ModePanel.tsx'
import { PoolBar } from './PoolBar.tsx'
import { RemoveNetworkDialog } from './RemoveNetworkDialog.tsx'
import { Reservations } from './Reservations.tsx'
import { SettingsForm } from './SettingsForm.tsx'
import { useNetworkPulse } from './use-network-pulse.ts'

/** One network: how full it is, who has what and why, what is kept for whom, and all that is set. */
export function NetworkPage() {
  const id = decodeURIComponent(useParams<{ id: string }>().id)
  const networks = useQuery(networksQuery)
  const network = networks.data?.find((one) => one.id === id)
  const title = network?.title
  useNetworkPulse()
  useEffect(() => {
    if (title) document.title = `${title} · System Cloud`
  }, [title])
  return (
    <>
      <Link href={pages.networks()} prefetch={false} className="mb-3 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-mark"><Icon name="left" />Networks</Link>
      {networks.isPending ? <Skeleton rows={4} /> : null}
      {networks.error && !networks.data ? <Notice tone="error">{faultSentence(networks.error)}</Notice> : null}
      {networks.data && !network ? <Empty isPage icon="network" title="There is no such network"><p>It may have been removed. <Link href={pages.networks()} className="text-mark underline underline-offset-4">All networks</Link></p></Empty> : null}
      {network ? <Loaded network={network} /> : null}
    </>
  )
}

function Loaded({ network }: { network: Network }) {
  const router = useRouter()
  const [text, setText] = useState('')
  const [removing, setRemoving] = useState(false)
  const facts = [network.cidr, network.relayed ? `behind a relay, reached by ${network.interface}` : network.interface, `appliance ${network.address}`]
  return (
    <div className="flex flex-col gap-5">
      <header className="flex flex-wrap items-start gap-x-8 gap-y-3">
        <div className="min-w-0 flex-1 basis-72">
          <h1 className="plate text-[1.9rem] leading-none break-words">{network.title}</h1>
          <p className="mt-2 flex flex-wrap gap-x-4 font-mono text-xs text-ink-3">{facts.map((fact) => <span key={fact}>{fact}</span>)}</p>
        </div>
        <Button cannotWhy={network.main ? 'This is where the appliance was started: it stays. Let it ignore unknown machines to leave the network alone.' : undefined} onClick={() => setRemoving(true)}>Remove</Button>
      </header>
      {network.notices.map((notice) => <Notice key={notice} tone="warn">{asSentence(notice)}</Notice>)}
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1.5fr)_minmax(0,1fr)]">
        <div className="flex min-w-0 flex-col gap-5">
          <Section title="Addresses" note={network.mode === 'proxy' ? 'given by another server' : `${network.rangeFrom} to ${network.rangeTo}`}>
            <div className="grid gap-5 px-4 py-4 lg:grid-cols-[minmax(0,1fr)_15rem]"><AddressMap network={network} onPick={setText} /><div><PoolBar network={network} /></div></div>
          </Section>
          {network.conflicts > 0 ? <Conflicts network={network} /> : null}
          <LeaseTable network={network} text={text} onText={setText} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <ModePanel network={network} />
          <Reservations network={network} />
          <SettingsForm key={network.id} network={network} />
        </div>
      </div>
      {removing ? <RemoveNetworkDialog network={network} onClose={() => setRemoving(false)} onRemoved={() => router.replace(pages.networks())} /> : null}
    </div>
  )
}
