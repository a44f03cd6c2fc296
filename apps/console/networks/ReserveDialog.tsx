'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Network, Reservation } from '#contract/network-api'
import { changeReservation, reserve } from '../api/network-acts.ts'
import { Ask } from '../role/SmallDialogs.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { describeClient } from './lease-looks.ts'

/** Keeps an address for one client; `before`: changes this reservation. */
export function ReserveDialog({ network, client: whose = '', address: which = '', before, onClose }: { network: Network, client?: string, address?: string, before?: Reservation, onClose: () => void }) {
  const queries = useQueryClient()
  const say = useToast()
  const [client, setClient] = useState(before === undefined ? whose : describeClient(before.match))
  const [address, setAddress] = useState(before?.address ?? which)
  const [hostname, setHostname] = useState(before?.hostname ?? '')
  const act = async () => {
    const wanted = { client, address: address.trim(), hostname: hostname.trim() }
    await (before === undefined ? reserve(queries, wanted) : changeReservation(queries, before.address, wanted))
    say(before === undefined ? `${wanted.address} is reserved.` : `The reservation of ${wanted.address} is changed.`)
  }
  return (
    <Ask title={before === undefined ? 'Reserve an address' : `Change the reservation of ${before.address}`} lead={`On ${network.title}, ${network.cidr}. It may lie outside of the ranges.`} word={before === undefined ? 'Reserve' : 'Save'} onClose={onClose} act={act}>
      <label className="flex flex-col gap-1.5"><span className="label">Client</span><input className="field font-mono text-sm" value={client} onChange={(event) => setClient(event.target.value)} required autoFocus={whose === ''} autoComplete="off" spellCheck={false} placeholder="52:54:00:12:34:56" /><span className="text-xs text-ink-3">A MAC, a UUID, a client id as hex (id:01…), or the name of a machine.</span></label>
      <label className="flex flex-col gap-1.5"><span className="label">Address</span><input className="field font-mono text-sm" value={address} onChange={(event) => setAddress(event.target.value)} required autoComplete="off" spellCheck={false} placeholder={network.gateway} /></label>
      <label className="flex flex-col gap-1.5"><span className="label">Host name</span><input className="field font-mono text-sm" value={hostname} onChange={(event) => setHostname(event.target.value)} autoComplete="off" spellCheck={false} placeholder="none" /><span className="text-xs text-ink-3">What the client is told; a machine of the fleet keeps its own name.</span></label>
    </Ask>
  )
}
