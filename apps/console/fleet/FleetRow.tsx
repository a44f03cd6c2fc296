import Link from 'next/link'
import { memo } from 'react'
import type { Machine } from '#contract/operator-api'
import { stepTitles } from '#contract/steps'
import { LongName } from '../kit/LongName.tsx'
import { PhaseBadge, phaseLooks } from '../machine/PhaseBadge.tsx'
import { pages } from '../paths.ts'
import { formatAgo, formatBytes, formatDate, formatMemory } from '../text/format.ts'
import { fleetColumns } from './columns.ts'
import { currentStep, describeHardware } from './filter-fleet.ts'

interface FleetRowProps { machine: Machine, role: string, now: number, chosen: boolean, current: boolean, onChoose: (id: string) => void }

/** One machine of the list. */
export const FleetRow = memo(function FleetRow({ machine, role, now, chosen, current, onChoose }: FleetRowProps) {
  const { inventory } = machine
  const claimed = machine.claims.length > 0
  const said = machine.problem ?? (claimed ? 'Another machine claims to be this one: open it and decide.' : machine.attention)
  return (
    <div className={`flex items-start gap-3 border-b border-line px-4 py-2.5 md:min-h-[60px] md:items-center ${current ? 'bg-mark-wash shadow-[inset_3px_0_0_var(--mark)]' : chosen ? 'bg-raised' : 'hover:bg-raised'}`} aria-current={current || undefined}>
      <label className="-m-3 shrink-0 p-3"><input type="checkbox" className="mt-1 block size-4 accent-mark md:mt-0" aria-label={`Choose ${machine.name}`} checked={chosen} onChange={() => onChoose(machine.id)} /></label>
      <div className={`relative min-w-0 flex-1 ${fleetColumns}`}>
        <div className="min-w-0">
          <Link href={pages.machine(machine.id)} prefetch={false} className="plate block text-[1.0625rem] leading-snug hover:text-mark max-md:pr-24"><LongName name={machine.name} /></Link>
          <p title={`${machine.mac} ${machine.address ?? ''}`} className="truncate font-mono text-xs text-ink-3">{machine.mac}{machine.address ? `  ${machine.address}` : ''}</p>
        </div>
        <div className="min-w-0 max-md:mt-1.5"><PhaseBadge phase={machine.phase} /><Progress machine={machine} />{said && !currentRunning(machine) ? <p title={said} className={`truncate text-xs max-md:whitespace-normal ${machine.problem ? 'text-red' : claimed ? 'text-amber' : 'text-ink-2'}`}>{said}</p> : null}</div>
        <div className="text-sm max-md:absolute max-md:top-[2.85rem] max-md:right-0"><span className={machine.role ? '' : role ? 'text-ink-3' : 'text-ink-3 max-md:hidden'}>{role || 'no role'}</span></div>
        <div className="min-w-0 text-sm text-ink-2 max-lg:hidden">
          <p title={describeHardware(machine)} className="truncate">{describeHardware(machine) || <span className="text-ink-3">not reported yet</span>}</p>
          {inventory ? <p className="truncate text-xs text-ink-3">{inventory.cpus} × {inventory.architecture}, {formatMemory(inventory.memoryBytes)}, {inventory.disks.map((disk) => formatBytes(disk.sizeBytes)).join(' + ') || 'no disk'}</p> : null}
        </div>
        <time dateTime={machine.lastSeenAt} title={formatDate(machine.lastSeenAt)} className="text-sm text-ink-3 max-md:absolute max-md:top-0.5 max-md:right-0 md:text-right">{formatAgo(machine.lastSeenAt, now)}</time>
      </div>
    </div>
  )
})

const currentRunning = (machine: Machine): boolean => phaseLooks[machine.phase].moving && currentStep(machine) !== undefined

function Progress({ machine }: { machine: Machine }) {
  const step = currentStep(machine)
  if (!step || !phaseLooks[machine.phase].moving) return null
  return (
    <div className={`mt-1 flex items-center gap-2 ${phaseLooks[machine.phase].text}`}>
      {step.percent === null ? null : <progress className="bar max-w-20" max={100} value={step.percent} aria-label={stepTitles[step.kind]} />}
      <span className="truncate text-xs text-ink-2">{step.percent === null ? '' : `${Math.floor(step.percent)} % `}{stepTitles[step.kind]}</span>
    </div>
  )
}
