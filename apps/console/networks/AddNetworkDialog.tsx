'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { addNetwork } from '../api/network-acts.ts'
import { hostInterfacesQuery } from '../api/network-queries.ts'
import { pages } from '../paths.ts'
import { Ask } from '../role/SmallDialogs.tsx'

const relay = ''

/** A further network: behind a relay, or on another card of the host. */
export function AddNetworkDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const router = useRouter()
  const cards = useQuery(hostInterfacesQuery)
  const [place, setPlace] = useState(relay)
  const [cidr, setCidr] = useState('')
  const [title, setTitle] = useState('')
  const [gateway, setGateway] = useState('')
  const act = async () => {
    const network = await addNetwork(client, { cidr: cidr.trim(), relayed: place === relay, ...(place === relay ? {} : { interface: place }), ...(title.trim() ? { title: title.trim() } : {}), ...(gateway.trim() ? { gateway: gateway.trim() } : {}) })
    router.push(pages.network(network.id))
  }
  const choose = (name: string) => {
    setPlace(name)
    const own = cards.data?.find((card) => card.name === name)?.addresses[0]
    if (own) setCidr(own)
  }
  return (
    <Ask title="Add a network" lead="It is served within a second. The rest is set on its page." word="Add" onClose={onClose} act={act}>
      <label className="flex flex-col gap-1.5"><span className="label">Where it is</span>
        <select className="field text-sm" value={place} onChange={(event) => choose(event.target.value)}>
          <option value={relay}>Behind a DHCP relay</option>
          {cards.data?.map(({ name, addresses, networkId }) => <option key={name} value={name} disabled={networkId !== null || addresses.length === 0}>On {name}{networkId !== null ? ' (served already)' : addresses.length === 0 ? ' (has no address)' : `, ${addresses.join(', ')}`}</option>)}
        </select>
        <span className="text-xs text-ink-3">{place === relay ? 'A router or switch there forwards DHCP to this appliance.' : 'The appliance must have an address there already.'}</span>
      </label>
      <label className="flex flex-col gap-1.5"><span className="label">Network</span><input className="field font-mono text-sm" value={cidr} onChange={(event) => setCidr(event.target.value)} required placeholder="10.88.0.0/24" autoComplete="off" spellCheck={false} /></label>
      <label className="flex flex-col gap-1.5"><span className="label">Gateway</span><input className="field font-mono text-sm" value={gateway} onChange={(event) => setGateway(event.target.value)} placeholder={place === relay ? 'the first address' : 'this appliance'} autoComplete="off" spellCheck={false} /></label>
      <label className="flex flex-col gap-1.5"><span className="label">Title</span><input className="field text-sm" value={title} onChange={(event) => setTitle(event.target.value)} placeholder={cidr || 'Rack 2'} maxLength={64} autoComplete="off" /></label>
    </Ask>
  )
}
