'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Network } from '#contract/network-api'
import { setNetworkPolicy } from '../api/acts.ts'
import { networksQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Empty, Notice, Skeleton } from '../kit/Notice.tsx'
import { Fact, PageHead } from '../kit/Page.tsx'
import { useToast } from '../shell/Toasts.tsx'

const modes: Record<Network['mode'], string> = { full: 'DHCP server: gives addresses and boot files', proxy: 'proxyDHCP: another server gives addresses' }
const policies: readonly { policy: Network['policy'], word: string, means: string }[] = [
  { policy: 'discover', word: 'Discover', means: 'An unknown machine boots the ramdisk and appears in the fleet.' },
  { policy: 'ignore', word: 'Ignore', means: 'An unknown machine gets no boot file and boots as if this appliance were not here.' },
]

/** Where machines are booted, and what unknown ones get. */
export function NetworksPage() {
  const networks = useQuery(networksQuery)
  return (
    <>
      <PageHead title="Networks" lead="The networks on which this appliance boots machines." />
      {networks.error && !networks.data ? <Notice tone="error">{faultSentence(networks.error)}</Notice> : null}
      {networks.isPending ? <Skeleton rows={2} height="h-40" /> : null}
      {networks.data?.length === 0 ? <Empty icon="network" title="No network"><p>Start the appliance with scripts/up --interface IF to serve one.</p></Empty> : null}
      <div className="flex flex-col gap-4">{networks.data?.map((network) => <NetworkCard key={network.id} network={network} />)}</div>
    </>
  )
}

function NetworkCard({ network }: { network: Network }) {
  const client = useQueryClient()
  const say = useToast()
  const [asked, setAsked] = useState<Network['policy']>()
  const choose = async (policy: Network['policy']) => {
    setAsked(policy)
    await setNetworkPolicy(client, network.id, policy).then(() => say(`Unknown machines on ${network.title}: ${policy}.`), (error: unknown) => say(faultSentence(error), 'refused'))
    setAsked(undefined)
  }
  const policyNow = asked ?? network.policy
  const used = network.poolSize > 0 ? (100 * network.leasesActive) / network.poolSize : 0
  return (
    <article className="panel overflow-hidden" aria-label={network.title}>
      <header className="flex flex-wrap items-baseline gap-x-3 border-b border-line px-4 py-3"><h2 className="plate text-lg">{network.title}</h2><span className="font-mono text-sm text-ink-2">{network.interface}  {network.cidr}</span></header>
      <div className="grid gap-6 px-4 py-4 lg:grid-cols-2">
        <div>
          <dl className="grid grid-cols-2 gap-x-4 gap-y-3">
            <Fact name="Appliance" mono>{network.address}</Fact><Fact name="Gateway" mono>{network.gateway}</Fact>
            <div className="col-span-full"><Fact name="Mode">{modes[network.mode]}</Fact></div>
            <div className="col-span-full"><Fact name="Addresses">
              <span className="font-mono text-sm">{network.rangeFrom} to {network.rangeTo}</span>
              <span className={`mt-1.5 block max-w-72 ${used > 90 ? 'text-red' : 'text-mark'}`}><progress className="bar" max={100} value={used} aria-label="Leases in use" /></span>
              <span className="text-xs text-ink-3">{network.leasesActive} of {network.poolSize} in use</span>
            </Fact></div>
          </dl>
          {network.otherServers.length > 0 ? <div className="mt-3"><Notice tone="warn">Another DHCP server answers here: <span className="font-mono">{network.otherServers.join(', ')}</span>. Machines may listen to it instead. Switch it off, or start this appliance with --mode proxy.</Notice></div> : null}
        </div>
        <fieldset disabled={asked !== undefined}>
          <legend className="label mb-2">Unknown machines</legend>
          <div className="flex flex-col gap-2">
            {policies.map(({ policy, word, means }) => (
              <label key={policy} className={`flex cursor-pointer items-start gap-3 rounded-lg border p-3 ${policyNow === policy ? 'border-mark bg-mark-wash' : 'border-line hover:border-line-2'}`}>
                <input type="radio" name={`policy-${network.id}`} checked={policyNow === policy} onChange={() => void choose(policy)} className="mt-1 accent-mark" />
                <span><span className="block font-medium">{word}</span><span className="block text-sm text-ink-2">{means}</span></span>
              </label>
            ))}
          </div>
        </fieldset>
      </div>
    </article>
  )
}
