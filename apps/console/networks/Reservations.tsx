'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import type { Network, Reservation } from '#contract/network-api'
import { unreserve } from '../api/network-acts.ts'
import { reservationsQuery } from '../api/network-queries.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { Section } from '../kit/Page.tsx'
import { pages } from '../paths.ts'
import { useToast } from '../shell/Toasts.tsx'
import { describeClient } from './lease-looks.ts'
import { ReserveDialog } from './ReserveDialog.tsx'

/** Addresses kept for one client each. */
export function Reservations({ network }: { network: Network }) {
  const all = useQuery(reservationsQuery(network.id))
  const [adding, setAdding] = useState(false)
  const [editing, setEditing] = useState<Reservation>()
  return (
    <Section title="Reservations" note={all.data && all.data.length > 0 ? String(all.data.length) : undefined} action={<Button small onClick={() => setAdding(true)}>Reserve an address</Button>}>
      {all.error && !all.data ? <div className="p-4"><Notice tone="error">{faultSentence(all.error)}</Notice></div> : null}
      {all.isPending ? <div className="p-3"><Skeleton rows={2} height="h-9" /></div> : null}
      {all.data?.length === 0 ? <p className="px-4 py-4 text-sm text-ink-2">None yet. A machine of the fleet keeps its address anyway; reserve one where it must be a certain address, or for a device that is not of the fleet.</p> : null}
      <ul aria-label="Reservations" className="max-h-96 divide-y divide-line overflow-y-auto">{all.data?.map((one) => <Row key={one.address} one={one} onEdit={() => setEditing(one)} />)}</ul>
      {adding ? <ReserveDialog network={network} onClose={() => setAdding(false)} /> : null}
      {editing ? <ReserveDialog network={network} before={editing} onClose={() => setEditing(undefined)} /> : null}
    </Section>
  )
}

function Row({ one, onEdit }: { one: Reservation, onEdit: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const [busy, setBusy] = useState(false)
  const remove = async () => {
    setBusy(true)
    await unreserve(client, one.address).then(() => say(`${one.address} is reserved no longer.`), (error: unknown) => say(faultSentence(error), 'refused'))
    setBusy(false)
  }
  return (
    <li className="flex items-center gap-3 px-4 py-2">
      <Icon name="key" className="text-ink-3" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2 text-sm"><span className="font-mono">{one.address}</span>{one.machineId ? <Link href={pages.machine(one.machineId)} prefetch={false} className="font-medium hover:text-mark">{one.machineName}</Link> : one.hostname ? <span className="font-medium">{one.hostname}</span> : null}{one.inUse ? <span className="text-xs text-ink-3">in use</span> : null}</p>
        <p className="truncate font-mono text-xs text-ink-3" title={describeClient(one.match)}>{describeClient(one.match)}</p>
        {one.problem ? <p className="text-xs text-amber">{one.problem}</p> : null}
      </div>
      <Button small tone="ghost" aria-label={`Edit the reservation of ${one.address}`} onClick={onEdit}>Edit</Button>
      <Button small tone="ghost" busy={busy} aria-label={`Remove the reservation of ${one.address}`} onClick={() => void remove()}>Remove</Button>
    </li>
  )
}
