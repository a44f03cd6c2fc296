import type { Boot, BootEntry, Diagnosis } from '#contract/blackbox-api'
import { count, renderBytes } from './amount.ts'
import type { Paint } from './paint.ts'
import { untrusted } from './table.ts'

/** A pause that is worth a line of its own. */
const longGapMs = 1000

/** One boot with its diagnosis above its rows; ARP and other small talk only where `everything` is wished. */
export function renderBoot(boot: Boot, paint: Paint, everything: boolean): string {
  const marked = new Set(boot.diagnoses.flatMap(({ evidence }) => evidence))
  const head = `${paint.bold(boot.startedAt.slice(0, 19).replace('T', ' '))}  ${untrusted([boot.firmware, boot.path, boot.mac].filter((part) => part !== '').join(', '))}\n`
  const amounts = [count(boot.packets, 'packet'), renderBytes(boot.bytes), ...(boot.retries > 0 ? [`${boot.retries} again`] : [])].join(', ')
  const rows = boot.entries.flatMap((entry, index) => (everything || entry.level !== 'debug' || marked.has(index) ? [renderEntry(entry, marked.has(index), paint)] : []))
  return `${head}${untrusted(boot.summary)} ${paint.dim(amounts)}\n${boot.diagnoses.map((diagnosis) => renderDiagnosis(diagnosis, paint)).join('')}${rows.join('')}${boot.left > 0 ? paint.dim(`   ${count(boot.left, 'row')} in the middle left out\n`) : ''}`
}

/** What is wrong and what to do, each a line. */
function renderDiagnosis(diagnosis: Diagnosis, paint: Paint): string {
  const colour = { error: paint.bad, warn: paint.warn, info: paint.dim }[diagnosis.severity]
  return `${colour(`! ${untrusted(diagnosis.happened)}`)}\n  ${untrusted(diagnosis.todo)}\n`
}

function renderEntry(entry: BootEntry, isMarked: boolean, paint: Paint): string {
  const gap = entry.gapMs >= longGapMs ? paint.warn(`+${(entry.gapMs / 1000).toFixed(1)}`) : paint.dim(entry.gapMs >= 1 ? `+${(entry.gapMs / 1000).toFixed(3)}` : '')
  const arrow = { in: '→', out: '←', none: '·' }[entry.direction]
  const colour = { debug: paint.dim, info: (text: string) => text, warn: paint.warn, error: paint.bad }[entry.level]
  const amounts = [entry.count > 1 ? `×${entry.count}` : '', entry.bytes === null || entry.bytes === 0 ? '' : renderBytes(entry.bytes), entry.durationMs === null || entry.durationMs < 1 ? '' : `${(entry.durationMs / 1000).toFixed(2)} s`].filter((part) => part !== '').join(' ')
  return `${isMarked ? '!' : ' '}${(entry.offsetMs / 1000).toFixed(3).padStart(9)} ${pad(gap, 7)} ${entry.lane.padEnd(7)} ${arrow} ${colour(untrusted(entry.title).padEnd(10))}  ${untrusted(entry.detail)}${amounts === '' ? '' : `  ${paint.dim(amounts)}`}\n`
}

/** Right-aligned to `width` columns, colours not counted. */
const pad = (text: string, width: number): string => ' '.repeat(Math.max(0, width - [...text.replaceAll(/\u001b\[\d{1,2}m/g, '')].length)) + text
