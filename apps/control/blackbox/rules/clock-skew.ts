import type { Moment } from '../moment.ts'
import { defineRule } from './rule.ts'

type Kernel = Moment & { kind: 'kernel' }

/** Its clock is so wrong that no certificate is valid there. */
export const clockSkew = defineRule({
  id: 'clock-skew', title: 'Its clock is wrong',
  look({ session }) {
    const lines = session.moments.filter((moment): moment is Kernel => moment.kind === 'kernel' && /certificate (is not yet valid|has expired)|not yet valid|appliance gave no date/i.test(moment.text))
    if (lines.length === 0) return undefined
    return {
      severity: 'error', evidence: lines, happened: `Its clock does not fit the appliance’s certificate: ${lines[0]?.text ?? ''}`,
      todo: 'Set its clock in the firmware and change its battery; look at the appliance’s own clock too (systemcloud doctor).',
    }
  },
})
