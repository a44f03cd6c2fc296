import { dhcp6Of } from '../sessions.ts'
import { defineRule } from './rule.ts'

const patienceMs = 20_000

/** ADVERTISEs go out and no REQUEST ever comes back. @see RFC 8415 §18.2.1 */
export const ipv6OfferNotTaken = defineRule({
  id: 'ipv6-offer-not-taken', title: 'It never took the IPv6 offer', behind: ['loader-left', 'ipv6-other-server', 'first-packets-lost'],
  look({ session, quietMs }) {
    const client = dhcp6Of(session, 'solicit').findLast((moment) => moment.client !== 'system')?.client
    const exchange = dhcp6Of(session).filter((moment) => moment.client === client)
    const offers = exchange.filter(({ message }) => message === 'advertise')
    const [first] = offers
    if (client === undefined || first === undefined || exchange.some(({ message }) => message === 'request' || message === 'reply')) return undefined
    if (session.moments.some((moment) => moment.kind === 'tftp' || moment.kind === 'http' || moment.kind === 'script' || (moment.kind === 'dhcp' && moment.message === 'ack'))) return undefined
    const asked = exchange.filter(({ message, atMs }) => message === 'solicit' && atMs > first.atMs)
    if (asked.length < 2 && quietMs < patienceMs) return undefined
    const who = client === 'ipxe' ? 'iPXE' : 'The firmware'
    return {
      severity: 'error', evidence: [...offers.slice(0, 3), ...asked.slice(-2)],
      happened: `${who} was offered ${first.address || 'an IPv6 address'} ${offers.length === 1 ? 'once' : `${offers.length} times`} by DHCPv6 and never asked for it.`,
      todo: 'Look whether answers reach it: a switch with DHCPv6 guard or RA guard lets only trusted ports answer (what comes from UDP port 547 is dropped on the way). Its own screen says which offers it saw.',
    }
  },
})
