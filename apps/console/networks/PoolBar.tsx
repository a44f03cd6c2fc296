import type { Network } from '#contract/network-api'
import { plural } from '../text/format.ts'

const tight = 90

/** How much of what may be given out is in use. */
export function PoolBar({ network }: { network: Network }) {
  const { poolSize, poolFree, leasesActive, reservations, conflicts, mode } = network
  const used = poolSize > 0 ? (100 * (poolSize - poolFree)) / poolSize : 0
  if (mode === 'proxy') return <p className="text-sm text-ink-2">Another server gives the addresses; this appliance only answers what machines boot.</p>
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-3 text-sm"><span className="font-medium">{poolSize - poolFree} of {poolSize} in use</span><span className="text-ink-3">{poolFree} free</span></p>
      <span className={`mt-2 block ${used >= tight ? 'text-red' : 'text-mark'}`}><progress className="bar" max={100} value={used} aria-label="Addresses in use" /></span>
      <p className="mt-2 flex flex-wrap gap-x-3 text-xs text-ink-3">
        <span>{plural(leasesActive, 'lease')}</span><span>{plural(reservations, 'reservation')}</span>{conflicts > 0 ? <span className="text-red">{plural(conflicts, 'conflict')}</span> : null}
      </p>
    </>
  )
}
