'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Lease } from '#contract/network-api'
import { releaseLease } from '../api/network-acts.ts'
import { ApiFault } from '../api/request.ts'
import { Ask } from '../role/SmallDialogs.tsx'
import { useToast } from '../shell/Toasts.tsx'

/** Takes an address back. Where a machine at work has it, the appliance refuses once and says what force would do. */
export function ReleaseLeaseDialog({ lease, onClose }: { lease: Lease, onClose: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const [refused, setRefused] = useState(false)
  const [force, setForce] = useState(false)
  const act = async () => {
    await releaseLease(client, lease.address, force).catch((error: unknown) => {
      if (error instanceof ApiFault && error.status === 409) setRefused(true)
      throw error
    })
    say(`${lease.address} is free.`)
  }
  const inConflict = lease.state === 'declined' || lease.state === 'conflict'
  return (
    <Ask title={`Release ${lease.address}?`} word={force ? 'Release nevertheless' : 'Release'} danger={force} onClose={onClose} act={act} lead={inConflict ? 'It is given out again. Do this once the other device is gone.' : `${lease.machineName ?? (lease.hostname || lease.mac)} loses it, and another client may have it next.`}>
      {refused ? <label className="flex items-start gap-2.5 text-sm"><input type="checkbox" className="mt-0.5 size-4 accent-mark" checked={force} onChange={(event) => setForce(event.target.checked)} />Release it although it is in use</label> : null}
    </Ask>
  )
}
