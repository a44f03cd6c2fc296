'use client'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Machine } from '#contract/operator-api'
import { useNow } from '../live/use-now.ts'
import { useRoleTitles } from '../live/use-role-titles.ts'
import { fleetColumns } from './columns.ts'
import { FleetRow } from './FleetRow.tsx'

interface FleetListProps { machines: readonly Machine[], chosen: ReadonlySet<string>, cursor: number, onChoose: (id: string) => void, onChooseAll: () => void }

/** The machines, one row each (a card on a phone); only rows near the window are in the page, however many there are. */
export function FleetList({ machines, chosen, cursor, onChoose, onChooseAll }: FleetListProps) {
  const now = useNow(5000)
  const title = useRoleTitles()
  const list = useRef<HTMLUListElement>(null)
  const [scrollMargin, setScrollMargin] = useState(0)
  useLayoutEffect(() => setScrollMargin((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY), [])
  // oxlint-disable-next-line react/incompatible-library -- no React Compiler here
  const rows = useWindowVirtualizer({ count: machines.length, estimateSize: () => (window.innerWidth < 768 ? 86 : 61), overscan: 12, scrollMargin, getItemKey: (index) => machines[index]?.id ?? index })
  useEffect(() => {
    if (cursor >= 0) rows.scrollToIndex(cursor, { align: 'auto' })
  }, [cursor, rows])
  const all = machines.length > 0 && machines.every(({ id }) => chosen.has(id))
  return (
    <div className="panel overflow-clip">
      <div className="label flex items-center gap-3 border-b border-line bg-raised px-4 py-2">
        <label className="-m-3 shrink-0 p-3"><input type="checkbox" className="block size-4 accent-mark" aria-label="Choose all shown" checked={all} onChange={onChooseAll} /></label>
        <span className={`${fleetColumns} flex-1`} aria-hidden><span>Machine</span><span className="max-md:hidden">Phase</span><span className="max-md:hidden">Role</span><span className="max-lg:hidden">Hardware</span><span className="text-right max-md:hidden">Heard</span></span>
      </div>
      <ul ref={list} aria-label="Machines" className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((item) => {
          const machine = machines[item.index]
          return machine ? (
            <li key={item.key} ref={rows.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start - scrollMargin}px)` }}>
              <FleetRow machine={machine} role={roleWord(machine, title)} now={now} chosen={chosen.has(machine.id)} current={item.index === cursor} onChoose={onChoose} />
            </li>
          ) : null
        })}
      </ul>
    </div>
  )
}

function roleWord({ role, intent }: Machine, title: (id: string) => string): string {
  const id = role ?? intent.role
  return id === null ? '' : title(id)
}
