import type { Machine, Plan } from '#contract/operator-api'
import { renderBytes } from './amount.ts'
import type { Paint } from './paint.ts'
import { renderFacts, renderTable, untrusted } from './table.ts'

/** What an assignment would do, above all which disk it erases. */
export function renderPlan(plan: Plan, paint: Paint): string {
  const { disk, image } = plan
  const fate = disk === null ? 'none' : `${disk.name}, ${renderBytes(disk.sizeBytes)}, ${disk.model}, serial ${disk.serial === '' ? 'unknown' : disk.serial}`
  const lines = [`${paint.bold(untrusted(plan.machineName))} becomes ${paint.bold(untrusted(plan.role))}\n`, indent(renderFacts([
    ['disk', fate],
    [disk?.erased === true ? 'ERASED' : 'kept', disk === null ? '' : disk.erased ? paint.bad(untrusted(`everything on it: ${disk.contents}`)) : untrusted(disk.contents)],
    ['chosen', disk?.why ?? ''], ['image', `${image.title}, ${image.ready ? renderBytes(image.sizeBytes) : 'which is still being built'}`],
    ['services', plan.services.join(', ')], ['steps', plan.steps.map((step) => step.title).join(' → ')],
  ]))]
  for (const warning of plan.warnings) lines.push(`  ${paint.warn(`warning: ${untrusted(warning)}`)}\n`)
  for (const refusal of plan.refusals) lines.push(`  ${paint.bad(`refused: ${untrusted(refusal)}`)}\n`)
  return lines.join('')
}

/** What a release would do to these machines. */
export function renderRelease(machines: readonly Machine[], erase: boolean, paint: Paint): string {
  return renderTable(['MACHINE', 'PHASE', 'ROLE', 'WHAT HAPPENS'], machines.map((machine) => [
    machine.name, paint.phase(machine.phase), machine.role ?? machine.intent.role ?? '-',
    erase ? paint.bad('its services stop, its disk is ERASED, it returns to discovered') : 'its services stop, the disk is kept, it returns to discovered',
  ]))
}

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ')
