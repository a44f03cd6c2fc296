import { dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** Two machines say one UUID. */
export const duplicateUuid = defineRule({
  id: 'duplicate-uuid', title: 'Another machine says the same UUID',
  look({ session, context: { machine } }) {
    if (machine?.twin == null) return undefined
    return {
      severity: 'warn', evidence: dhcpOf(session, 'discover').filter(({ uuid }) => uuid !== null).slice(0, 1), happened: `It says the same UUID as ${machine.twin}.`,
      todo: 'They are told apart by their network cards. Set another UUID where the firmware lets you: a swapped card would mix them up.',
    }
  },
})
