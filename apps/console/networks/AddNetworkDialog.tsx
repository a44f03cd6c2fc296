'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { HostInterface } from '#contract/network-api'
import { addNetwork } from '../api/network-acts.ts'
import { hostInterfacesQuery } from '../api/network-queries.ts'
import { pages } from '../paths.ts'
import { Ask } from '../role/SmallDialogs.tsx'

/** Where a network may be: on a card of the host, or behind a relay that sends to one; undefined is the first network's. */
interface Place { readonly relayed: boolean; readonly card: string | undefined; readonly words: string; readonly isOpen: boolean; readonly own: string | undefined }

function placesOf(cards: readonly HostInterface[]): Place[] {
  const wires = cards.filter(({ networkId }) => networkId !== null)
  const behind = (card: string | undefined, words: string): Place => ({ relayed: true, card, words, isOpen: true, own: undefined })
  return [
    ...(wires.length > 1 ? wires.map(({ name }) => behind(name, `Behind a DHCP relay on ${name}`)) : [behind(undefined, 'Behind a DHCP relay')]),
    ...cards.map(({ name, addresses, free }) => ({ relayed: false, card: name, words: `On ${name}${addresses.length === 0 ? ' (has no address)' : free.length === 0 ? ' (served already)' : `, ${free.join(', ')}`}`, isOpen: free.length > 0, own: free[0] })),
  ]
}

/** A further network: behind a relay, or on a card of the host that has an address in it. */
export function AddNetworkDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const router = useRouter()
  const cards = useQuery(hostInterfacesQuery)
  const places = placesOf(cards.data ?? [])
  const [chosen, setChosen] = useState<string>()
  const place = places.find(({ words }) => words === chosen) ?? places[0]
  const [cidr, setCidr] = useState('')
  const [title, setTitle] = useState('')
  const [gateway, setGateway] = useState('')
  const act = async () => {
    const network = await addNetwork(client, { cidr: cidr.trim(), relayed: place?.relayed ?? true, ...(place?.card === undefined ? {} : { interface: place.card }), ...(title.trim() ? { title: title.trim() } : {}), ...(gateway.trim() ? { gateway: gateway.trim() } : {}) })
    router.push(pages.network(network.id))
  }
  const choose = (words: string) => {
    setChosen(words)
    const own = places.find((one) => one.words === words)?.own
    if (own) setCidr(own)
  }
  return (
    <Ask title="Add a network" lead="It is served within a second. The rest is set on its page." word="Add" onClose={onClose} act={act}>
      <label className="flex flex-col gap-1.5"><span className="label">Where it is</span>
        <select className="field text-sm" value={place?.words} onChange={(event) => choose(event.target.value)}>
          {places.map(({ words, isOpen }) => <option key={words} value={words} disabled={!isOpen}>{words}</option>)}
        </select>
        <span className="text-xs text-ink-3">{place?.relayed ? 'A router or switch there forwards DHCP to this appliance.' : 'The appliance must have an address there already.'}</span>
      </label>
      <label className="flex flex-col gap-1.5"><span className="label">Network</span><input className="field font-mono text-sm" value={cidr} onChange={(event) => setCidr(event.target.value)} required placeholder="10.88.0.0/24" autoComplete="off" spellCheck={false} /></label>
      <label className="flex flex-col gap-1.5"><span className="label">Gateway</span><input className="field font-mono text-sm" value={gateway} onChange={(event) => setGateway(event.target.value)} placeholder={place?.relayed ? 'the first address' : 'this appliance'} autoComplete="off" spellCheck={false} /></label>
      <label className="flex flex-col gap-1.5"><span className="label">Title</span><input className="field text-sm" value={title} onChange={(event) => setTitle(event.target.value)} placeholder={cidr || 'Rack 2'} maxLength={64} autoComplete="off" /></label>
    </Ask>
  )
}
