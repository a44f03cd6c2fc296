'use client'
import { useRouter } from 'next/navigation'
import { useCallback, useMemo, useRef, useState } from 'react'
import type { Phase } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { Empty, Notice, Skeleton } from '../kit/Notice.tsx'
import { PageHead } from '../kit/Page.tsx'
import { useMachines } from '../live/use-machines.ts'
import { pages } from '../paths.ts'
import { plural } from '../text/format.ts'
import { Activity } from './Activity.tsx'
import { BulkBar } from './BulkBar.tsx'
import { EmptyFleet } from './EmptyFleet.tsx'
import { filterFleet } from './filter-fleet.ts'
import { FleetList } from './FleetList.tsx'
import { PhaseRibbon } from './PhaseRibbon.tsx'
import { useFleetKeys } from './use-fleet-keys.ts'

/** All machines: live, searched, filtered, chosen, acted upon. */
export function FleetPage() {
  const fleet = useMachines()
  const router = useRouter()
  const search = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [wanted, setWanted] = useState<ReadonlySet<Phase>>(new Set())
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [cursor, setCursor] = useState(-1)
  const all = useMemo(() => fleet.data ?? [], [fleet.data])
  const shown = useMemo(() => filterFleet(all, text, wanted), [all, text, wanted])
  const picked = useMemo(() => all.filter(({ id }) => chosen.has(id)), [all, chosen])

  const choose = useCallback((id: string) => setChosen((held) => toggled(held, id)), [])
  useFleetKeys({
    count: shown.length, cursor, move: setCursor,
    search: () => search.current?.focus(),
    open: (index) => { const machine = shown[index]; if (machine) router.push(pages.machine(machine.id)) },
    choose: (index) => { const machine = shown[index]; if (machine) choose(machine.id) },
    clear: () => setChosen(new Set()),
  })

  return (
    <>
      <PageHead title="Fleet" lead={fleet.data && all.length > 0 ? <>{plural(all.length, 'machine')}. {summary(all)}</> : undefined}>
        <label className="relative w-full sm:w-80">
          <span className="sr-only">Search machines</span>
          <Icon name="search" className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-ink-3" />
          <input ref={search} type="search" className="field pr-9 pl-9" placeholder="Name, MAC, serial, address, role" value={text} onChange={(event) => { setText(event.target.value); setCursor(-1) }} onKeyDown={(event) => { if (event.key === 'Escape') { setText(''); event.currentTarget.blur() } }} />
          <kbd aria-hidden className="pointer-events-none absolute top-1/2 right-2.5 hidden -translate-y-1/2 rounded border border-line px-1.5 font-mono text-xs text-ink-3 sm:block">/</kbd>
        </label>
      </PageHead>
      {fleet.error && !fleet.data ? <Notice tone="error" action={<Button small onClick={() => void fleet.refetch()}>Try now</Button>}>{faultSentence(fleet.error)}</Notice> : null}
      {fleet.isPending ? <Skeleton rows={5} /> : null}
      {fleet.data && all.length === 0 ? <EmptyFleet /> : null}
      {all.length > 0 ? (
        <div className={`grid gap-5 2xl:grid-cols-[minmax(0,1fr)_22rem] ${picked.length > 0 ? 'pb-28 lg:pb-16' : ''}`}>
          <div className="min-w-0">
            <PhaseRibbon machines={all} wanted={wanted} onToggle={(phase) => { setWanted((held) => toggled(held, phase)); setCursor(-1) }} onClear={() => setWanted(new Set())} />
            {shown.length === 0
              ? <Empty icon="search" title="No machine matches"><Button small onClick={() => { setText(''); setWanted(new Set()) }}>Show all</Button></Empty>
              : <FleetList machines={shown} chosen={chosen} cursor={cursor} onChoose={choose} onChooseAll={() => setChosen((held) => (shown.every(({ id }) => held.has(id)) ? new Set() : new Set(shown.map(({ id }) => id))))} />}
            <p className="mt-3 hidden text-xs text-ink-3 lg:block"><Key>/</Key> search <Key>j</Key> <Key>k</Key> move <Key>Enter</Key> open <Key>x</Key> choose <Key>Esc</Key> clear</p>
          </div>
          <Activity machines={all} />
        </div>
      ) : null}
      {picked.length > 0 ? <BulkBar machines={picked} onClear={() => setChosen(new Set())} /> : null}
    </>
  )
}

function Key({ children }: { children: string }) {
  return <kbd className="ml-2 rounded border border-line bg-panel px-1.5 font-mono first:ml-0">{children}</kbd>
}

function toggled<T>(held: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const next = new Set(held)
  if (!next.delete(one)) next.add(one)
  return next
}

function summary(machines: readonly Machine[]): string {
  const waiting = machines.filter(({ attention, problem }) => attention !== null || problem !== null).length
  return waiting === 0 ? 'None needs you.' : waiting === 1 ? 'One needs you.' : `${waiting} need you.`
}
