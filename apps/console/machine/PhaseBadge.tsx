import type { Phase } from '#contract/lifecycle'

/** How a phase looks and what it means: a word, a colour, a shape for those who do not tell the colours apart. */
export const phaseLooks = {
  seen: { word: 'Seen', text: 'text-grey', fill: 'bg-grey', shape: 'ring', moving: false, means: 'It asked for an address and has not told more yet.' },
  discovered: { word: 'Discovered', text: 'text-cyan', fill: 'bg-cyan', shape: 'dot', moving: false, means: 'Its parts are known. It waits for a role.' },
  deploying: { word: 'Deploying', text: 'text-amber', fill: 'bg-amber', shape: 'half', moving: true, means: 'The image is being written to its disk.' },
  starting: { word: 'Starting', text: 'text-amber', fill: 'bg-amber', shape: 'most', moving: true, means: 'It runs from its disk; its services are coming up.' },
  ready: { word: 'Ready', text: 'text-green', fill: 'bg-green', shape: 'dot', moving: false, means: 'Its services answered when the appliance asked them.' },
  silent: { word: 'Silent', text: 'text-violet', fill: 'bg-violet', shape: 'ring', moving: false, means: 'It has not reported for a while.' },
  failed: { word: 'Failed', text: 'text-red', fill: 'bg-red', shape: 'cross', moving: false, means: 'A step failed. Retry goes on from there once the cause is gone.' },
  releasing: { word: 'Releasing', text: 'text-orange', fill: 'bg-orange', shape: 'half', moving: true, means: 'It leaves the cloud and goes back to discovered.' },
  retired: { word: 'Retired', text: 'text-grey', fill: 'bg-grey', shape: 'cross', moving: false, means: 'It was forgotten.' },
} as const satisfies Record<Phase, { word: string, text: string, fill: string, shape: Shape, moving: boolean, means: string }>

type Shape = 'ring' | 'dot' | 'half' | 'most' | 'cross'

/** The light of a phase. */
export function PhaseLight({ phase, className = '' }: { phase: Phase, className?: string }) {
  const { text, shape, moving } = phaseLooks[phase]
  return (
    <svg viewBox="0 0 12 12" aria-hidden className={`size-3 shrink-0 ${text} ${moving ? 'breathe' : ''} ${className}`}>
      {shape === 'cross' ? <path d="M2.5 2.5l7 7M9.5 2.5l-7 7" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" /> : <circle cx="6" cy="6" r="4.6" fill={shape === 'dot' ? 'currentColor' : 'none'} stroke="currentColor" strokeWidth="1.8" />}
      {shape === 'half' ? <path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" fill="currentColor" /> : null}
      {shape === 'most' ? <path d="M6 1.4A4.6 4.6 0 1 1 1.4 6L6 6z" fill="currentColor" /> : null}
    </svg>
  )
}

/** Light and word. */
export function PhaseBadge({ phase, large = false }: { phase: Phase, large?: boolean }) {
  const { word, text, means } = phaseLooks[phase]
  return <span title={means} className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap ${text} ${large ? 'text-base' : 'text-sm'}`}><PhaseLight phase={phase} />{word}</span>
}
