import { defineRule } from './rule.ts'

/** Its facts were not taken: something live has its card or UUID already. */
export const claimHeld = defineRule({
  id: 'claim-held', title: 'Its claim is held',
  look({ session }) {
    const held = session.moments.filter((moment) => moment.kind === 'event' && moment.event === 'claim.held')
    const [first] = held
    if (first?.kind !== 'event' || session.moments.some(({ kind }) => kind === 'inventory')) return undefined
    return { severity: 'error', evidence: held, happened: first.text, todo: 'Say on the machine’s page which of the two it is.' }
  },
})
