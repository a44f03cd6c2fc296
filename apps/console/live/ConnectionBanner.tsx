'use client'
import { useEffect, useState } from 'react'
import { formatClock } from '../text/format.ts'
import { useConnection } from './LiveProvider.tsx'

/** Says that what is shown may be old. Waits a moment, so that a blink of the network says nothing. */
export function ConnectionBanner() {
  const { state, since } = useConnection()
  const [waited, setWaited] = useState(-1)
  useEffect(() => {
    if (state === 'live') return
    const timer = setTimeout(() => setWaited(since), state === 'lost' ? 800 : 4000)
    return () => clearTimeout(timer)
  }, [since, state])
  return (
    <div role="status" aria-live="polite">
      {state !== 'live' && waited === since ? (
        <p className="border-b border-line bg-amber px-4 py-1.5 text-center text-sm font-medium text-panel">
          <span className="breathe mr-2 inline-block size-2 rounded-full bg-current" aria-hidden />
          {state === 'lost' ? <>Connection lost. You see the state of {formatClock(new Date(since).toISOString()).slice(0, 8)}; trying again. Machines carry on without this page.</> : <>Connecting to the appliance…</>}
        </p>
      ) : null}
    </div>
  )
}
