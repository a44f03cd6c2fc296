import type { Phase } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'

/** Whether waiting is over: all machines are there, one can no longer get there, or neither. */
export type WaitDecision =
  | { readonly kind: 'reached' }
  | { readonly kind: 'failed'; readonly machine: Machine }
  | { readonly kind: 'waiting'; readonly missing: readonly Machine[] }

/**
 * Decides on what is known of the machines now.
 *
 * A machine in `failed` ends the wait unless `failed` is what is waited for, or `believeFailed` is still false: right after a
 * retry the old phase may stand for a moment. A retired machine never comes back.
 */
export function decideWait(machines: readonly Machine[], phase: Phase, believeFailed: boolean): WaitDecision {
  const missing = machines.filter((machine) => machine.phase !== phase)
  if (missing.length === 0) return { kind: 'reached' }
  const lost = missing.find((machine) => machine.phase === 'retired' || (machine.phase === 'failed' && believeFailed))
  return lost === undefined ? { kind: 'waiting', missing } : { kind: 'failed', machine: lost }
}
