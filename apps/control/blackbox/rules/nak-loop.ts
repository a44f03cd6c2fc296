import { dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** It wants an address that it may not have, over and over. */
export const nakLoop = defineRule({
  id: 'nak-loop', title: 'Its address is refused again and again',
  look({ session }) {
    const naks = dhcpOf(session, 'nak')
    const last = naks.at(-1)
    if (naks.length < 3 || last === undefined || dhcpOf(session, 'ack').some(({ atMs }) => atMs > last.atMs)) return undefined
    return {
      severity: 'error', evidence: naks.slice(-4), happened: `It asked for ${dhcpOf(session, 'request').at(-1)?.address || 'an address'} and was refused ${naks.length} times${last.server === null ? '' : ` by ${last.server}`}${last.words === '' ? '' : `: ${last.words}`}.`,
      todo: 'Look for a second DHCP server that refuses what the first one gives, and for a lease or a reservation of that address that belongs to another machine.',
    }
  },
})
