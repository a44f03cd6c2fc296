import type { Rule } from './rule.ts'

/** All rules, in the order of a boot. A new one is one file and one line here. */
export const rules: readonly Rule[] = []
