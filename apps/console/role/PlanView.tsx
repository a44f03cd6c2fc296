import type { Plan } from '#contract/operator-api'
import { Icon } from '../kit/Icon.tsx'
import { Notice } from '../kit/Notice.tsx'
import { asSentence, formatBytes, safeText } from '../text/format.ts'

/** What would happen to one machine, before it happens: disk, image, services, steps, refusals. */
export function PlanView({ plan, titled, onDisk }: { plan: Plan, titled: boolean, onDisk: (identity: string) => void }) {
  const Steps = titled ? 'h4' : 'h3'
  return (
    <section aria-label={`Plan for ${plan.machineName}`} className="flex flex-col gap-3">
      {titled ? <h3 className="plate border-b border-line pb-1 text-lg">{plan.machineName}</h3> : null}
      {plan.refusals.map((text) => <Notice key={text} tone="error">{asSentence(text)}</Notice>)}
      {plan.warnings.map((text) => <Notice key={text} tone="warn">{asSentence(text)}</Notice>)}
      {plan.disk ? <DiskCard plan={plan} onDisk={onDisk} /> : null}
      <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
        <div><dt className="label">Image</dt><dd>{plan.image.title} <span className="text-ink-3">{plan.image.sizeBytes > 0 ? formatBytes(plan.image.sizeBytes) : ''}</span>{plan.image.ready ? null : <span className="text-sm text-amber">being built</span>}</dd></div>
        <div><dt className="label">Services</dt><dd>{plan.services.join(', ') || 'none'}</dd></div>
      </dl>
      {plan.steps.length > 0 ? (
        <div>
          <Steps className="label mb-1.5">Steps</Steps>
          <ol className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
            {plan.steps.map((step, index) => (
              <li key={step.kind} className="flex gap-2.5 text-sm">
                <span aria-hidden className="w-4 shrink-0 text-right text-ink-3">{index + 1}</span>
                <span className="min-w-0">{step.title}{step.detail ? <span className="block text-xs text-ink-3">{safeText(step.detail)}</span> : null}</span>
              </li>
            ))}
          </ol>
        </div>
      ) : null}
    </section>
  )
}

function DiskCard({ plan, onDisk }: { plan: Plan, onDisk: (identity: string) => void }) {
  const { disk, disks } = plan
  if (!disk) return null
  return (
    <div className={`rounded-lg border ${disk.erased ? 'border-red' : 'border-line'}`}>
      <div className="flex gap-3 p-3.5">
        <Icon name="disk" className={`mt-0.5 size-5 ${disk.erased ? 'text-red' : 'text-ink-3'}`} />
        <div className="min-w-0 flex-1">
          <p className="font-medium break-words">{safeText(disk.model) || 'Disk without a model'} <span className="font-normal text-ink-2">{formatBytes(disk.sizeBytes)}</span></p>
          <p className="font-mono text-sm break-all text-ink-2">serial {safeText(disk.serial) || 'none'}, now {disk.name}</p>
          <p className="mt-1 text-sm">{disk.erased ? <><b className="text-red">This disk is ERASED.</b> On it now: {safeText(disk.contents) || 'not known'}.</> : <>Kept as it is. On it: {safeText(disk.contents) || 'not known'}.</>}</p>
          {disk.why ? <p className="mt-0.5 text-sm text-ink-3">{asSentence(disk.why)}</p> : null}
        </div>
      </div>
      {disks.length > 1 ? (
        <details className="border-t border-line px-3.5 py-2 text-sm">
          <summary className="text-ink-2">Another disk ({disks.length - 1})</summary>
          <div className="mt-2 mb-1 flex flex-col gap-1.5">
            {disks.map((each) => (
              <label key={each.identity} className={`flex items-start gap-2.5 ${each.refusedWhy ? 'text-ink-3' : ''}`}>
                <input type="radio" name={`disk-${plan.machineId}`} className="mt-1 accent-mark" disabled={each.refusedWhy !== null} checked={each.identity === disk.identity} onChange={() => onDisk(each.identity)} />
                <span className="min-w-0"><span>{safeText(each.model) || each.name} {formatBytes(each.sizeBytes)}</span> <span className="font-mono text-xs break-all text-ink-3">{safeText(each.serial)} {each.name}</span>{each.refusedWhy ? <span className="block text-xs">{asSentence(each.refusedWhy)}</span> : null}</span>
              </label>
            ))}
          </div>
        </details>
      ) : null}
    </div>
  )
}
