'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Network } from '#contract/network-api'
import { removeNetwork } from '../api/network-acts.ts'
import { ApiFault } from '../api/request.ts'
import { Ask } from '../role/SmallDialogs.tsx'
import { plural } from '../text/format.ts'

/** Serves a network no longer; while clients have addresses of it, or machines would be cut off, only when that is said. The appliance's refusal names them. */
export function RemoveNetworkDialog({ network, onClose, onRemoved }: { network: Network, onClose: () => void, onRemoved: () => void }) {
  const client = useQueryClient()
  const [refused, setRefused] = useState(false)
  const [force, setForce] = useState(false)
  const act = async () => {
    await removeNetwork(client, network.id, force).catch((error: unknown) => {
      if (error instanceof ApiFault && error.status === 409) setRefused(true)
      throw error
    })
    onRemoved()
  }
  return (
    <Ask title={`Remove ${network.title}?`} word="Remove" danger onClose={onClose} act={act} lead={`Nobody is given an address of ${network.cidr} any more.${network.reservations > 0 ? ` ${plural(network.reservations, 'reservation')} will be forgotten.` : ''}`}>
      {refused ? <label className="flex items-start gap-2.5 text-sm"><input type="checkbox" className="mt-0.5 size-4 accent-mark" checked={force} onChange={(event) => setForce(event.target.checked)} />Remove it nevertheless</label> : null}
    </Ask>
  )
}
