'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Network } from '#contract/network-api'
import { reserve } from '../api/network-acts.ts'
import { Ask } from '../role/SmallDialogs.tsx'
import { useToast } from '../shell/Toasts.tsx'

/** Keeps an address for one client. */
export function ReserveDialog({ network, client: whose = '', address: which = '', onClose }: { network: Network, client?: string, address?: string, onClose: () => void }) {
  const queries = useQueryClient()
  const say = useToast()
  const [client, setClient] = useState(whose)
  const [address, setAddress] = useState(which)
  const [hostname, setHostname] = useState('')
  const act = async () => {
    await reserve(queries, { client, address: address.trim(), hostname: hostname.trim() })
    say(`${address.trim()} is reserved.`)
  }
  return (
    <Ask title="Reserve an address" lead={`On ${network.title}, ${network.cidr}. It may lie outside of the ranges.`} word="Reserve" onClose={onClose} act={act}>
      <label className="flex flex-col gap-1.5"><span className="label">Client</span><input className="field font-mono text-sm" value={client} onChange={(event) => setClient(event.target.value)} required autoFocus={whose === ''} autoComplete="off" spellCheck={false} placeholder="52:54:00:12:34:56" /><span className="text-xs text-ink-3">A MAC, a UUID, a client id as hex (id:01…), or the name of a machine.</span></label>
      <label className="flex flex-col gap-1.5"><span className="label">Address</span><input className="field font-mono text-sm" value={address} onChange={(event) => setAddress(event.target.value)} required autoComplete="off" spellCheck={false} placeholder={network.gateway} /></label>
      <label className="flex flex-col gap-1.5"><span className="label">Host name</span><input className="field font-mono text-sm" value={hostname} onChange={(event) => setHostname(event.target.value)} autoComplete="off" spellCheck={false} placeholder="none" /><span className="text-xs text-ink-3">What the client is told; a machine of the fleet keeps its own name.</span></label>
    </Ask>
  )
}
