import { scriptOf } from '../sessions.ts'
import { defineRule, span } from './rule.ts'

const many = 4
const withinMs = 15 * 60_000

/** It boots from the network again and again and gets nowhere. */
export const bootLoop = defineRule({
  id: 'boot-loop', title: 'It boots over and over', behind: ['disk-not-booted', 'offer-not-taken', 'no-answer', 'other-server', 'policy-ignored', 'out-of-addresses', 'kernel-panic'],
  look({ session, index, sessions }) {
    const recent = sessions.slice(0, index + 1).filter(({ startMs }) => session.startMs - startMs < withinMs)
    const lastGood = recent.findLastIndex((one) => one.moments.some(({ kind }) => kind === 'inventory' || kind === 'agent'))
    const fruitless = recent.slice(lastGood + 1)
    const first = fruitless[0]
    if (fruitless.length < many || first === undefined || scriptOf(session)?.decision === 'wait') return undefined
    return {
      severity: 'error', evidence: session.moments.slice(0, 1), happened: `It has begun to boot ${fruitless.length} times in ${span(session.startMs - first.startMs)}, and none of them came to an end.`,
      todo: 'Look at its screen for what it says before it restarts; look for a watchdog, a bad power supply, or a boot order in which the network comes again after each failure.',
    }
  },
})
