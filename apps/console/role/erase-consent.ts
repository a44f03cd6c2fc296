import type { Plan } from '#contract/operator-api'
import { asSentence } from '../text/format.ts'

/** What a person must do before a plan may run: nothing, tick that something is erased, or type the machine's name. */
export type Consent = { kind: 'refused', reasons: string[] } | { kind: 'free' } | { kind: 'tick', erased: number } | { kind: 'type', word: string }

/** Whether a disk holds nothing. What is not known to be blank counts as full: an erased disk does not come back. */
export const isBlank = (contents: string): boolean => /^(blank|empty)\b/i.test(contents.trim())

/** The consent that these plans need. One machine with a disk that is not blank: its name; several: a tick that names their number. */
export function decideConsent(plans: readonly Plan[]): Consent {
  const reasons = plans.flatMap((plan) => plan.refusals.map((reason) => (plans.length > 1 ? `${plan.machineName}: ${reason}` : asSentence(reason))))
  if (reasons.length > 0) return { kind: 'refused', reasons }
  const erasing = plans.filter(({ disk }) => disk !== null && disk.erased && !isBlank(disk.contents))
  const [only] = erasing
  if (!only) return { kind: 'free' }
  return plans.length === 1 ? { kind: 'type', word: only.machineName } : { kind: 'tick', erased: erasing.length }
}

/** What the confirming button says: never less than what happens. */
export function confirmWord(plans: readonly Plan[]): string {
  const erased = plans.filter(({ disk }) => disk?.erased).length
  if (erased === 0) return 'Assign'
  return erased === 1 ? 'Erase the disk and assign' : `Erase ${erased} disks and assign`
}
