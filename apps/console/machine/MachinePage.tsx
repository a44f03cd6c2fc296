'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useParams } from 'next/navigation'
import { useEffect, useState } from 'react'
import { eventsQuery, logQuery } from '../api/queries.ts'
import { ApiFault, faultSentence } from '../api/request.ts'
import { BootsPanel } from '../blackbox/BootsPanel.tsx'
import { DiagnosisCard } from '../blackbox/DiagnosisCard.tsx'
import { useBoots } from '../blackbox/use-boots.ts'
import { Icon } from '../kit/Icon.tsx'
import { Empty, Notice, Skeleton } from '../kit/Notice.tsx'
import { Section } from '../kit/Page.tsx'
import { useMachineRoom } from '../live/LiveProvider.tsx'
import { useMachine } from '../live/use-machines.ts'
import { LogView } from '../log/LogView.tsx'
import { api, pages } from '../paths.ts'
import { asSentence } from '../text/format.ts'
import { ClaimNotice } from './ClaimNotice.tsx'
import { DeployProgress } from './DeployProgress.tsx'
import { InventoryPanel } from './InventoryPanel.tsx'
import { MachineHeader } from './MachineHeader.tsx'
import { ServicesPanel } from './ServicesPanel.tsx'
import { Timeline } from './Timeline.tsx'
import { Transfers } from './Transfers.tsx'

/** One machine: what it is, what it does, what it said. */
export function MachinePage() {
  const wanted = decodeURIComponent(useParams<{ id: string }>().id)
  // A name can change while the page is open; the id cannot.
  const [known, setKnown] = useState({ wanted, id: wanted })
  const { machine, error, loading } = useMachine(known.wanted === wanted ? known.id : wanted)
  const found = machine?.id ?? wanted
  if (found !== wanted && found !== known.id) setKnown({ wanted, id: found })
  useEffect(() => {
    // Only the address bar: the router would take another parameter for another page and build all of this anew, open menus and filters included.
    if (found !== wanted) window.history.replaceState(null, '', pages.machine(found))
  }, [found, wanted])
  const name = machine?.name
  const isAbsent = error instanceof ApiFault && error.status === 404
  useEffect(() => {
    if (name) document.title = `${name} · System Cloud`
  }, [name])
  return (
    <>
      <Link href={pages.fleet()} prefetch={false} className="mb-3 inline-flex items-center gap-1 text-sm text-ink-2 hover:text-mark"><Icon name="left" />Fleet</Link>
      {loading ? <Skeleton rows={5} /> : null}
      {isAbsent ? <Empty isPage icon="fleet" title="There is no such machine"><p className="break-words">{faultSentence(error)}</p><p className="mt-4"><Link href={pages.fleet()} prefetch={false} className="text-mark underline underline-offset-4">All machines</Link></p></Empty> : null}
      {error && !isAbsent ? <Notice tone="error">{faultSentence(error)}</Notice> : null}
      {machine ? <Loaded id={machine.id} /> : null}
    </>
  )
}

function Loaded({ id }: { id: string }) {
  const client = useQueryClient()
  const { machine } = useMachine(id)
  const events = useQuery(eventsQuery(client, id))
  const log = useQuery(logQuery(client, id))
  const boots = useBoots(id, events.data?.at(-1)?.seq)
  const [chosenBoot, setChosenBoot] = useState<string | null>(null)
  useMachineRoom(id, events.isFetched && log.isFetched)
  if (!machine) return null
  const diagnoses = boots.data?.boots[0]?.diagnoses ?? []
  // What is wrong with its boot stands in a card of its own: not twice.
  const isSaid = diagnoses.some(({ happened }) => machine.problem?.startsWith(happened) === true)
  // While its boot is the question, the packets come before everything else.
  const isAboutBooting = machine.phase === 'seen' || diagnoses.some(({ severity }) => severity === 'error')
  const showPackets = () => {
    setChosenBoot(null)
    requestAnimationFrame(() => document.querySelector('[data-evidence]')?.scrollIntoView({ block: 'center' }))
  }
  return (
    <div className="flex flex-col gap-5">
      <MachineHeader machine={machine} />
      {diagnoses.length > 0 ? <div className={`grid gap-3 ${diagnoses.length > 1 ? 'xl:grid-cols-2' : ''}`}>{diagnoses.map((diagnosis) => <DiagnosisCard key={diagnosis.id} diagnosis={diagnosis} onShow={showPackets} />)}</div> : null}
      {machine.problem && !isSaid ? <Notice tone="error">{asSentence(machine.problem)}</Notice> : null}
      {machine.claims.map((claim) => <ClaimNotice key={claim.id} claim={claim} machine={machine} />)}
      {machine.attention && !machine.claims.some(({ why }) => why === machine.attention) ? <Notice tone="warn">{asSentence(machine.attention)}</Notice> : null}
      <div className={`grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_minmax(0,1.35fr)] ${isAboutBooting ? 'order-last' : ''}`}>
        <div className="flex min-w-0 flex-col gap-5">
          {machine.steps.length > 0 ? <DeployProgress machine={machine} /> : null}
          <Transfers machine={machine} />
          {machine.services.length > 0 ? <ServicesPanel machine={machine} /> : null}
          <InventoryPanel machine={machine} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <Section title="Boot log" note="from its first packet on">
            <LogView lines={log.data ?? []} loading={log.isPending} fault={log.error} downloadUrl={api.machineLogText(id)} downloadName={`${machine.name}.txt`} emptyText="It has not said anything yet. Lines appear here as its kernel prints them." />
          </Section>
          <Timeline events={events.data ?? []} loading={events.isPending} fault={events.error} />
        </div>
      </div>
      <BootsPanel id={id} name={machine.name} boots={boots.data} loading={boots.isPending} fault={boots.error} chosen={chosenBoot} onChoose={setChosenBoot} />
    </div>
  )
}
