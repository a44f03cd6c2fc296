'use client'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useState } from 'react'
import { cellKinds, type Network } from '#contract/network-api'
import { poolQuery } from '../api/network-queries.ts'
import { faultSentence } from '../api/request.ts'
import { Notice } from '../kit/Notice.tsx'
import { cellLooks, describeCell } from './lease-looks.ts'

/** How many columns the field has at this width. */
const columnsOf = (field: Element): number => getComputedStyle(field).gridTemplateColumns.split(' ').length

/** Where a key goes from a cell: sideways by one, up and down by a row. */
const steps: Record<string, (columns: number) => number> = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: (columns) => columns, ArrowUp: (columns) => -columns }

/** The network's addresses as a field of cells. Arrow keys walk over it; a click or Enter looks the address up among the leases. */
export function AddressMap({ network, onPick }: { network: Network, onPick: (address: string) => void }) {
  const pool = useQuery(poolQuery(network.id))
  const [cursor, setCursor] = useState<number>()
  if (pool.error && !pool.data) return <Notice tone="error">{faultSentence(pool.error)}</Notice>
  if (!pool.data) return <div role="status" aria-label="Loading" className="sheen h-32 rounded-lg" />
  const { cells, perCell } = pool.data
  const present = cellKinds.filter((kind) => cells.some((cell) => cell.kind === kind))
  const chosen = cursor === undefined ? undefined : cells[cursor]
  const pick = (index: number) => {
    const cell = cells[index]
    if (cell && perCell === 1) onPick(cell.from)
  }
  const onKey = (event: KeyboardEvent) => {
    const step = steps[event.key]?.(columnsOf(event.currentTarget))
    if (step !== undefined) setCursor((at) => Math.min(cells.length - 1, Math.max(0, at === undefined ? 0 : at + step)))
    else if (event.key === 'Enter' && cursor !== undefined) pick(cursor)
    else return
    event.preventDefault()
  }
  return (
    <div className="min-w-0">
      <div
        role="application" aria-roledescription="address map" tabIndex={0} aria-label={`Address map of ${network.cidr}: arrow keys walk, Enter looks up the lease. ${chosen ? describeCell(chosen, perCell) : ''}`}
        onKeyDown={onKey} onMouseLeave={() => setCursor(undefined)} onBlur={() => setCursor(undefined)}
        className="grid grid-cols-[repeat(16,minmax(0,1fr))] gap-[3px] rounded-md sm:grid-cols-[repeat(32,minmax(0,1fr))]"
      >
        {cells.map((cell, index) => (
          <span
            key={cell.from} aria-hidden onMouseEnter={() => setCursor(index)} onClick={() => pick(index)}
            className={`aspect-square rounded-[2px] ${cellLooks[cell.kind].paint} ${index === cursor ? 'outline-2 outline-offset-1 outline-ink' : ''} ${perCell === 1 ? 'cursor-pointer' : ''}`}
          />
        ))}
      </div>
      <p aria-live="polite" className="mt-2.5 min-h-5 break-words font-mono text-xs text-ink-2">{chosen ? describeCell(chosen, perCell) : <span className="font-sans text-ink-3">{perCell === 1 ? 'Each cell is an address.' : `Each cell is ${perCell} addresses.`} Point at one, or tap it, to see who has it.</span>}</p>
      <ul aria-label="Key" className="mt-1.5 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-2">{present.map((kind) => <li key={kind} className="flex items-center gap-1.5"><span aria-hidden className={`size-2.5 rounded-[2px] ${cellLooks[kind].paint}`} />{cellLooks[kind].word}</li>)}</ul>
    </div>
  )
}
