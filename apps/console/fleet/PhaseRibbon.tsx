import type { Phase } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'
import { PhaseLight, phaseLooks } from '../machine/PhaseBadge.tsx'
import { countPhases } from './filter-fleet.ts'

/** The whole fleet in one line, a stretch for each phase; the words below it are the filter. */
export function PhaseRibbon({ machines, wanted, onToggle, onClear }: { machines: readonly Machine[], wanted: ReadonlySet<Phase>, onToggle: (phase: Phase) => void, onClear: () => void }) {
  const counts = countPhases(machines)
  return (
    <div className="mb-4">
      <div aria-hidden className="flex h-1.5 gap-0.5 overflow-hidden rounded-full">
        {counts.map(({ phase, count }) => <span key={phase} style={{ flexGrow: count }} className={`min-w-1.5 transition-[flex-grow] duration-500 ${phaseLooks[phase].fill} ${wanted.size > 0 && !wanted.has(phase) ? 'opacity-25' : ''}`} />)}
      </div>
      <div role="group" aria-label="Filter by phase" className="mt-2.5 flex flex-wrap gap-1.5">
        {counts.map(({ phase, count }) => (
          <button key={phase} type="button" aria-pressed={wanted.has(phase)} onClick={() => onToggle(phase)} className={`inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-sm ${wanted.has(phase) ? 'border-ink bg-panel font-medium' : 'border-line text-ink-2 hover:border-line-2 hover:text-ink'}`}>
            <PhaseLight phase={phase} className="animate-none" />{phaseLooks[phase].word}<span className="text-ink-3">{count}</span>
          </button>
        ))}
        {wanted.size > 0 ? <button type="button" onClick={onClear} className="h-7 px-2 text-sm text-mark underline-offset-4 hover:underline">All phases</button> : null}
      </div>
    </div>
  )
}
