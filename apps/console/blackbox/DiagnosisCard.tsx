'use client'
import type { Diagnosis } from '#contract/blackbox-api'
import { Icon } from '../kit/Icon.tsx'
import { safeText } from '../text/format.ts'

const looks = { error: { icon: 'warn', colour: 'text-red', edge: 'bg-red' }, warn: { icon: 'warn', colour: 'text-amber', edge: 'bg-amber' }, info: { icon: 'info', colour: 'text-ink-3', edge: 'bg-line-2' } } as const

/** What is wrong with a boot and what to do, in plain words; `onShow` leads to the packets that show it. */
export function DiagnosisCard({ diagnosis, onShow }: { diagnosis: Diagnosis, onShow?: (() => void) | undefined }) {
  const { icon, colour, edge } = looks[diagnosis.severity]
  // On top of a page it stands for itself; inside a panel it is a part of that.
  const Title = onShow ? 'h2' : 'h3'
  return (
    <article aria-label={`Diagnosis: ${diagnosis.title}`} className="panel relative overflow-hidden py-3.5 pr-4 pl-5">
      <span aria-hidden className={`absolute inset-y-0 left-0 w-1 ${edge}`} />
      <Title className={`plate flex items-center gap-2 text-base ${colour}`}><Icon name={icon} />{diagnosis.title}</Title>
      <p className="mt-1 max-w-prose break-words">{safeText(diagnosis.happened)}</p>
      <p className="mt-1.5 max-w-prose text-sm break-words text-ink-2"><span className="font-medium text-ink">What to do: </span>{safeText(diagnosis.todo)}</p>
      {onShow && diagnosis.evidence.length > 0 ? <button type="button" onClick={onShow} className="mt-2 inline-flex items-center gap-1 text-sm text-mark hover:underline">Show the packets<Icon name="right" className="size-3.5" /></button> : null}
    </article>
  )
}
