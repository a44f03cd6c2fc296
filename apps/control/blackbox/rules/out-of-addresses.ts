import { dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** No address was left to offer. */
export const outOfAddresses = defineRule({
  id: 'out-of-addresses', title: 'No address is left',
  look({ session, context }) {
    const refused = session.moments.filter((moment) => moment.kind === 'ignored' && moment.why === 'pool-full')
    const asked = dhcpOf(session, 'discover')
    const isUnanswered = refused.length === 0 && context.mode === 'full' && asked.length > 1 && dhcpOf(session).every(({ fromMachine }) => fromMachine)
    if (refused.length === 0 && !(isUnanswered && context.freeAddresses === 0)) return undefined
    return {
      severity: 'error', evidence: refused.length > 0 ? refused : asked, happened: 'It asked for an address and none is left in the pool.',
      todo: 'Make the range of its network larger, shorten the lease time, or give back leases of machines that are gone (page Networks).',
    }
  },
})
