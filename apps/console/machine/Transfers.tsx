'use client'
import { useQuery } from '@tanstack/react-query'
import type { Machine, Transfer } from '#contract/operator-api'
import { transfersQuery } from '../api/queries.ts'
import { Section } from '../kit/Page.tsx'
import { formatBytes, formatRate, formatSpan, safeText } from '../text/format.ts'

/** What is on its way to a machine now, how fast, and its place among those that wait for an image; nothing where nothing is. */
export function Transfers({ machine }: { machine: Machine }) {
  const transfers = useQuery({ ...transfersQuery, enabled: machine.phase !== 'ready' && machine.phase !== 'retired' })
  const own = (transfers.data ?? []).filter(({ machineId, mac }) => machineId === machine.id || (machineId === null && mac !== null && machine.macs.includes(mac)))
  if (own.length === 0) return null
  return (
    <Section title="On its way" note={queueWords(own, transfers.data ?? [])}>
      <ul aria-label="Transfers" className="flex flex-col gap-3 px-4 py-3">{own.map((one) => <Row key={`${one.kind} ${one.file}`} transfer={one} />)}</ul>
    </Section>
  )
}

function Row({ transfer }: { transfer: Transfer }) {
  const { kind, file, sizeBytes, sentBytes, bytesPerSecond, position } = transfer
  const left = bytesPerSecond > 0 ? (1000 * (sizeBytes - sentBytes)) / bytesPerSecond : undefined
  return (
    <li className="min-w-0">
      <p className="flex items-baseline gap-3"><span title={safeText(file)} className="min-w-0 truncate font-mono text-sm">{shortName(safeText(file))}</span><span className="ml-auto shrink-0 text-xs text-ink-3">{kind.toUpperCase()}</span></p>
      {position > 0 ? <p className="text-sm text-amber">Waits for its download, number {position} in the queue.</p> : null}
      {position === 0 && sizeBytes === 0 ? <p className="text-sm text-ink-2">Has its place and writes what it got{bytesPerSecond > 0 ? `, ${formatRate(bytesPerSecond)}` : ''}.</p> : null}
      {sizeBytes > 0 ? (
        <div className="mt-1 text-amber">
          <progress className="bar" max={sizeBytes} value={sentBytes} aria-label={`Sending ${safeText(file)}`} />
          <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-ink-2"><span>{formatBytes(sentBytes)} of {formatBytes(sizeBytes)}</span>{bytesPerSecond > 0 ? <span>{formatRate(bytesPerSecond)}</span> : null}{left === undefined || left < 1000 ? null : <span>{formatSpan(left)} left</span>}</p>
        </div>
      ) : null}
    </li>
  )
}

/** The digest of a chunk is for machines; its beginning tells it from the others. */
const shortName = (file: string): string => file.replace(/([0-9a-f]{12})[0-9a-f]{52}$/, '$1\u2026')

function queueWords(own: readonly Transfer[], all: readonly Transfer[]): string | undefined {
  const waiting = all.filter(({ position }) => position > 0).length
  return own.some(({ position }) => position > 0) ? `${waiting} ${waiting === 1 ? 'machine waits' : 'machines wait'} for an image` : undefined
}
