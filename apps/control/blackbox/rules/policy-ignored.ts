import { dhcpOf, scriptOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** It is left alone on purpose. */
export const policyIgnored = defineRule({
  id: 'policy-ignored', title: 'It is left alone on purpose',
  look({ session, context }) {
    const refused = session.moments.filter((moment) => moment.kind === 'ignored' && moment.why === 'policy-ignore')
    const script = scriptOf(session)
    const isUnknown = context.machine === null && context.policy === 'ignore' && dhcpOf(session, 'discover').some(({ client }) => client !== 'system') && dhcpOf(session).every((moment) => moment.fromMachine || (context.ours.length > 0 && !context.ours.includes(moment.server ?? '')))
    if (refused.length === 0 && script?.decision !== 'ignore' && !isUnknown) return undefined
    return {
      severity: 'info', evidence: refused.length > 0 ? refused : script?.decision === 'ignore' ? [script] : dhcpOf(session, 'discover').slice(0, 1),
      happened: 'It asked to boot and was given nothing: machines that are not known are ignored on its network.',
      todo: 'Set the policy of the network to discover (page Networks) where this machine shall become one of yours.',
    }
  },
})
