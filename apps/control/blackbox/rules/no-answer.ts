import { dhcp6Of, dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

const patienceMs = 8000

/** It asks and the appliance says nothing, for no reason that another rule knows. */
export const noAnswer = defineRule({
  id: 'no-answer', title: 'It gets no answer', behind: ['out-of-addresses', 'relay-unknown', 'policy-ignored', 'wrong-architecture', 'loader-missing', 'other-server'],
  look({ session, context, quietMs }) {
    const asked = dhcpOf(session, 'discover').filter(({ client }) => client !== 'system')
    const ignored = session.moments.findLast((moment) => moment.kind === 'ignored')
    const isOurs = (server: string | null): boolean => context.ours.length === 0 || context.ours.includes(server ?? '')
    if (dhcpOf(session).some((moment) => !moment.fromMachine && isOurs(moment.server)) || dhcp6Of(session).some(({ fromMachine }) => !fromMachine) || session.moments.some(({ kind }) => kind === 'tftp' || kind === 'http' || kind === 'script')) return undefined
    if (asked.length < 2 || (asked.length < 3 && quietMs < patienceMs)) return undefined
    return {
      severity: 'error', evidence: [...asked.slice(0, 3), ...(ignored === undefined ? [] : [ignored])],
      happened: `It asked ${asked.length} times for an address and got no answer from this appliance${ignored?.kind === 'ignored' ? ` (${ignored.why})` : ''}.`,
      todo: 'Look at the warnings on the page Networks and at /healthz: an appliance that cannot store a lease says nothing rather than promise it.',
    }
  },
})
