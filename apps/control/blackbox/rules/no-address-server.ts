import { dhcp6Of, dhcpOf } from '../sessions.ts'
import { defineRule, ipv6ComesMs } from './rule.ts'

/** In mode proxy the appliance says what to boot, and nobody is there to give the address. */
export const noAddressServer = defineRule({
  id: 'no-address-server', title: 'Nobody gives it an address',
  look({ session, index, sessions, quietMs, context: { mode, lacksServer, ours, ownDuids } }) {
    // What is known of the other server is known of now: an earlier boot may have had one.
    if (mode !== 'proxy' || !lacksServer || index !== sessions.length - 1) return undefined
    const exchange = dhcpOf(session).filter(({ client }) => client !== 'system')
    const told = exchange.filter(({ message, server }) => message === 'offer' && (server === null || ours.includes(server)))
    if (told.length === 0 || exchange.some(({ message }) => message === 'request' || message === 'ack')) return undefined
    // Where IPv6 is served too, that may be all it needs.
    if (dhcp6Of(session, 'reply').length > 0 || (ownDuids.length > 0 && quietMs < ipv6ComesMs)) return undefined
    return {
      severity: 'error', evidence: told.slice(0, 3),
      happened: 'The appliance told it what to boot, and no DHCP server gives addresses on its network: it cannot fetch anything.',
      todo: 'Start the DHCP server of this network and look whether it has addresses left, or set the network to mode full (page Networks): then the appliance gives the addresses itself.',
    }
  },
})
