import { dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** A relay forwards for a subnet that is not configured here. */
export const relayUnknown = defineRule({
  id: 'relay-unknown', title: 'Its relay belongs to no network here',
  look({ session }) {
    const refused = session.moments.filter((moment) => moment.kind === 'ignored' && (moment.why === 'relay-unknown' || moment.why === 'no-subnet'))
    const relayed = dhcpOf(session, 'discover').filter(({ relay }) => relay !== null)
    const isUnanswered = relayed.length > 1 && dhcpOf(session).every(({ fromMachine }) => fromMachine) && session.moments.every(({ kind }) => kind !== 'ignored')
    if (refused.length === 0 && !isUnanswered) return undefined
    const relay = relayed[0]?.relay
    return {
      severity: 'error', evidence: [...refused, ...relayed.slice(0, 2)],
      happened: relay == null ? 'It asks from a network that is not served on this wire.' : `It asks through the relay ${relay}, and no network here contains that address.`,
      todo: relay == null ? 'Give this interface a network on the page Networks.' : `Add a relayed network that contains ${relay} on the page Networks.`,
    }
  },
})
