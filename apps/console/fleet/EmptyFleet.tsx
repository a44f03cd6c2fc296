'use client'
import { useQuery } from '@tanstack/react-query'
import type { Image } from '#contract/operator-api'
import { networksQuery } from '../api/network-queries.ts'
import { imagesQuery } from '../api/queries.ts'
import { Empty } from '../kit/Notice.tsx'

/** Before the first machine: what to plug in, and what the appliance is ready for. */
export function EmptyFleet() {
  const networks = useQuery(networksQuery)
  const ramdisk = useQuery(imagesQuery).data?.find(({ kind, state }) => kind === 'ramdisk' && state !== 'ready')
  return (
    <Empty icon="plug" title="Plug a machine in">
      <ol className="mt-3 flex flex-col gap-2 text-left">
        <li><b className="text-ink">1.</b> Connect its network card to {networks.data?.length ? <>the network of <span className="font-mono text-ink">{networks.data.map((network) => `${network.interface} (${network.cidr})`).join(', ')}</span></> : 'the provisioning network'}.</li>
        <li><b className="text-ink">2.</b> Let its firmware boot from the network first (PXE or HTTP Boot), and switch it on.</li>
        <li><b className="text-ink">3.</b> It appears here with its first packet, and tells its parts within a minute.</li>
      </ol>
      {ramdisk ? <p className={`mt-4 ${ramdisk.state === 'failed' ? 'text-red' : 'text-amber'}`}>{ramdiskSentence(ramdisk)}</p> : null}
    </Empty>
  )
}

function ramdiskSentence({ title, state, step, percent }: Image): string {
  if (state === 'failed') return `${title}, which machines need to boot, could not be built. Images says why; until then machines wait.`
  const far = percent === null ? '' : `, ${Math.floor(percent)} %`
  return state === 'building' ? `${title}, which machines need to boot: being built (${step}${far}). Machines wait for it and then go on by themselves.` : `${title}, which machines need to boot: not built yet. Machines wait for it and then go on by themselves.`
}
