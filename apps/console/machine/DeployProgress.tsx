'use client'
import type { Machine } from '#contract/operator-api'
import { type StepState, stepTitles } from '#contract/steps'
import { Icon } from '../kit/Icon.tsx'
import { Section } from '../kit/Page.tsx'
import { useNow } from '../live/use-now.ts'
import { formatBytes, formatRate, formatSpan, safeText } from '../text/format.ts'

/** The steps of the present generation: what is done, what runs, how fast, for how long. */
export function DeployProgress({ machine }: { machine: Machine }) {
  const now = useNow()
  const { steps } = machine
  const running = steps.find(({ status }) => status === 'running')
  const begun = steps.flatMap(({ startedAt }) => (startedAt ? [Date.parse(startedAt)] : []))
  const ended = steps.every(({ status }) => status === 'done' || status === 'skipped' || status === 'failed') ? steps.flatMap(({ finishedAt }) => (finishedAt ? [Date.parse(finishedAt)] : [])) : []
  const total = begun.length > 0 ? (ended.length > 0 ? Math.max(...ended) : now) - Math.min(...begun) : 0
  const done = steps.filter(({ status }) => status === 'done' || status === 'skipped').length
  return (
    <Section title={running || done < steps.length ? 'Progress' : 'Last deploy'} note={`${done} of ${steps.length} steps${total > 0 ? `, ${formatSpan(total)}` : ''}`}>
      <p className="sr-only" role="status" aria-live="polite">{running ? `Running: ${stepTitles[running.kind]}` : `${done} of ${steps.length} steps done`}</p>
      <ol aria-label="Steps" className="px-4 py-3">
        {steps.map((step, index) => <Step key={step.kind} step={step} now={now} last={index === steps.length - 1} />)}
      </ol>
    </Section>
  )
}

const marks: Record<StepState['status'], { word: string, look: string }> = {
  waiting: { word: 'waiting', look: 'border-line-2 text-transparent' }, running: { word: 'running', look: 'border-amber text-amber' }, done: { word: 'done', look: 'border-green bg-green text-panel' },
  failed: { word: 'failed', look: 'border-red bg-red text-panel' }, skipped: { word: 'not needed', look: 'border-line-2 text-ink-3' },
}

function Step({ step, now, last }: { step: StepState, now: number, last: boolean }) {
  const { word, look } = marks[step.status]
  const spent = step.startedAt ? (step.finishedAt ? Date.parse(step.finishedAt) : now) - Date.parse(step.startedAt) : undefined
  const percent = step.bytesDone !== null && step.bytesTotal ? Math.min(100, (100 * step.bytesDone) / step.bytesTotal) : undefined
  return (
    <li className="flex gap-3" aria-current={step.status === 'running' ? 'step' : undefined}>
      <span aria-hidden className="flex flex-col items-center">
        <span className={`grid size-5 shrink-0 place-items-center rounded-full border-[1.5px] ${look}`}>{step.status === 'running' ? <span className="breathe size-2 rounded-full bg-current" /> : <Icon name={step.status === 'failed' ? 'cross' : 'check'} className="size-3" />}</span>
        {last ? null : <span className={`w-px flex-1 ${step.status === 'done' ? 'bg-green' : 'bg-line'}`} />}
      </span>
      <div className={`min-w-0 flex-1 ${last ? '' : 'pb-3.5'}`}>
        <p className="flex items-baseline gap-3"><span className={`font-medium ${step.status === 'waiting' || step.status === 'skipped' ? 'text-ink-3' : ''}`}>{stepTitles[step.kind]}</span><span className="sr-only">{word}</span>{spent !== undefined && step.status !== 'waiting' ? <span className="ml-auto text-sm text-ink-3">{formatSpan(spent)}</span> : null}</p>
        {percent !== undefined && step.status !== 'waiting' ? (
          <div className={`mt-1.5 ${step.status === 'failed' ? 'text-red' : step.status === 'done' ? 'text-green' : 'text-amber'}`}>
            <progress className="bar" max={100} value={percent} aria-label={stepTitles[step.kind]} />
            <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-ink-2"><span>{formatBytes(step.bytesDone ?? 0)} of {formatBytes(step.bytesTotal ?? 0)}</span>{step.bytesPerSecond && step.status === 'running' ? <><span>{formatRate(step.bytesPerSecond)}</span><span>{formatSpan((1000 * ((step.bytesTotal ?? 0) - (step.bytesDone ?? 0))) / step.bytesPerSecond)} left</span></> : null}</p>
          </div>
        ) : null}
        {step.detail && step.status !== 'waiting' ? <p className={`text-sm break-words ${step.status === 'failed' ? 'mt-1 rounded-md bg-well px-2.5 py-1.5 font-mono text-xs text-red' : 'text-ink-2'}`}>{safeText(step.detail)}</p> : null}
      </div>
    </li>
  )
}
