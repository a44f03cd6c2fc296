'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Stranger } from '#contract/blackbox-api'
import { strangersQuery } from '../api/queries.ts'
import { BootsPanel } from '../blackbox/BootsPanel.tsx'
import { DiagnosisCard } from '../blackbox/DiagnosisCard.tsx'
import { useBoots } from '../blackbox/use-boots.ts'
import { Button } from '../kit/Button.tsx'
import { Section } from '../kit/Page.tsx'
import { useNow } from '../live/use-now.ts'
import { formatAgo, formatBytes, formatDate, plural } from '../text/format.ts'

const shownAtFirst = 10

/** Cards that asked here and belong to no machine, each with its boots: why a machine is not in the fleet is to be read there. */
export function Strangers() {
  const strangers = useQuery(strangersQuery)
  const now = useNow(10_000)
  const [open, setOpen] = useState<string | null>(null)
  const [all, setAll] = useState(false)
  const found = strangers.data ?? []
  if (found.length === 0) return null
  return (
    <div className="mt-5 flex flex-col gap-4">
      <Section title="Strangers" note={`${plural(found.length, 'card')} that asked here and ${found.length === 1 ? 'belongs' : 'belong'} to no machine`}>
        <ul aria-label="Strangers" className="divide-y divide-line">
          {(all ? found : found.slice(0, shownAtFirst)).map((one) => <Row key={one.mac} stranger={one} now={now} isOpen={open === one.mac} onOpen={() => setOpen(open === one.mac ? null : one.mac)} />)}
        </ul>
        {found.length > shownAtFirst && !all ? <div className="border-t border-line px-4 py-2"><Button small tone="ghost" onClick={() => setAll(true)}>Show all {found.length}</Button></div> : null}
      </Section>
      {open ? <Boots mac={open} /> : null}
    </div>
  )
}

function Row({ stranger, now, isOpen, onOpen }: { stranger: Stranger, now: number, isOpen: boolean, onOpen: () => void }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
      <span className="font-mono text-sm">{stranger.mac}</span>
      <span className="text-sm text-ink-3">asked <time dateTime={stranger.lastSeenAt} title={formatDate(stranger.lastSeenAt)}>{formatAgo(stranger.lastSeenAt, now)}</time>, {formatBytes(stranger.recordedBytes)} of packets</span>
      <Button small className="ml-auto" aria-expanded={isOpen} aria-label={`Boots of ${stranger.mac}`} onClick={onOpen}>{isOpen ? 'Hide' : 'Boots'}</Button>
    </li>
  )
}

function Boots({ mac }: { mac: string }) {
  const boots = useBoots(mac, undefined)
  const [chosen, setChosen] = useState<string | null>(null)
  return (
    <>
      {boots.data?.boots[0]?.diagnoses.map((diagnosis) => <DiagnosisCard key={diagnosis.id} diagnosis={diagnosis} />)}
      <BootsPanel id={mac} name={mac.replaceAll(':', '-')} boots={boots.data} loading={boots.isPending} fault={boots.error} chosen={chosen} onChoose={setChosen} />
    </>
  )
}
