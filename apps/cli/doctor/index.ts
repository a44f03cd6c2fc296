import type { Check } from './check.ts'

/** Every check, in the order shown. */
export const checks: readonly Check[] = []
