import { scriptOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** Its script tells it to wait, for a reason that only a person can end. */
export const held = defineRule({
  id: 'held', title: 'It is held', behind: ['ramdisk-not-built', 'disk-not-booted', 'local-boot-failed'],
  look({ session }) {
    const script = scriptOf(session)
    if (script?.decision !== 'wait' || /not built/.test(script.why)) return undefined
    return { severity: 'warn', evidence: [script], happened: `It waits at its boot script: ${script.why}`, todo: 'Look at the machine’s problem above, then choose Retry.' }
  },
})
