import { serverTitle } from '../entries.ts'
import { dhcp6Of } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** Somebody else answers its DHCPv6: what it says of booting is not ours. */
export const ipv6OtherServer = defineRule({
  id: 'ipv6-other-server', title: 'Another DHCPv6 server answered',
  look({ session, context: { ownDuids } }) {
    if (ownDuids.length === 0) return undefined
    const others = dhcp6Of(session).filter(({ server, client }) => client !== 'system' && server !== null && !ownDuids.includes(server))
    const choices = others.filter(({ fromMachine }) => fromMachine)
    const [first] = others
    if (first?.server == null) return undefined
    const server = serverTitle(first.server)
    return {
      severity: choices.length > 0 ? 'error' : 'warn', evidence: others.slice(0, 4),
      happened: choices.length > 0 ? `Another DHCPv6 server, ${server}, answered, and the machine took its IPv6 address from there.` : `Another DHCPv6 server, ${server}, answered as well.`,
      todo: `Turn DHCPv6 off on ${server} (often a router; a router advertisement with the flag “managed” sends machines to it), or let it give the boot file (option 59) of the appliance.`,
    }
  },
})
