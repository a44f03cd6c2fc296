'use client'
import Link from 'next/link'
import { useState } from 'react'
import type { Claim, Machine } from '#contract/operator-api'
import { decideClaim } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Notice } from '../kit/Notice.tsx'
import { useNow } from '../live/use-now.ts'
import { pages } from '../paths.ts'
import { Ask } from '../role/SmallDialogs.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { asSentence, formatAgo, safeText } from '../text/format.ts'

/** Somebody says to be this machine, and waits for a person's decision. */
export function ClaimNotice({ claim, machine }: { claim: Claim, machine: Machine }) {
  const say = useToast()
  const now = useNow(5000)
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const reject = async () => {
    setBusy(true)
    await decideClaim(claim.id, 'reject').then(() => say('It is given nothing, and nobody is asked again.'), (error: unknown) => say(faultSentence(error), 'refused'))
    setBusy(false)
  }
  const other = claim.machineId === machine.id ? claim.claimantId : claim.machineId
  return (
    <Notice tone="warn" action={<div className="flex gap-2"><Button small busy={busy} onClick={() => void reject()}>Reject</Button><Button small tone="strong" onClick={() => setAsking(true)}>Accept</Button></div>}>
      <p className="font-medium">{asSentence(claim.why)}</p>
      <p className="mt-0.5 text-ink-2">It says it is {safeText(claim.hardware)}, on <span className="font-mono text-xs">{claim.mac}</span>, heard {formatAgo(claim.lastAt, now)}{other && other !== machine.id ? <>, known as <Link href={pages.machine(other)} prefetch={false} className="text-mark underline underline-offset-4">another machine of the fleet</Link></> : null}.</p>
      {asking ? <Ask title="Accept this claim?" word="Accept" danger={claim.kind !== 'uuid'} onClose={() => setAsking(false)} act={async () => { await decideClaim(claim.id, 'accept'); say('The claim is accepted.') }} lead={asSentence(claim.acceptMeans)}><p className="text-sm text-ink-2">Accept only what you know: a network card's address and a UUID prove nothing.</p></Ask> : null}
    </Notice>
  )
}
