import { dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** It found somebody else on the address that it was given. */
export const addressInUse = defineRule({
  id: 'address-in-use', title: 'Somebody else has its address',
  look({ session, context: { mode } }) {
    const declined = dhcpOf(session, 'decline')
    const [first] = declined
    if (first === undefined) return undefined
    return {
      severity: 'warn', evidence: declined, happened: `It was given ${first.address || 'an address'} and found that somebody else uses it already.`,
      todo: `Find that device (arping ${first.address || 'ADDRESS'}) and ${mode === 'proxy' ? `take its address out of the range of the DHCP server${first.server === null ? '' : ` ${first.server}`}, which gave it.` : 'take its address out of the range on the page Networks; the appliance leaves it alone for now and gives another one.'}`,
    }
  },
})
