import { dhcp6Of, dhcpOf } from '../sessions.ts'
import { defineRule, ipv6ComesMs } from './rule.ts'

const patienceMs = 20_000

/** Offers go out and no REQUEST ever comes back. Firmware waits some seconds for better offers, so the first few seconds say nothing. */
export const offerNotTaken = defineRule({
  id: 'offer-not-taken', title: 'It never took the offer', behind: ['loader-left', 'other-server', 'first-packets-lost', 'proxy-port-closed', 'no-address-server'],
  look({ session, quietMs, context: { mode, ownDuids } }) {
    const client = dhcpOf(session, 'discover').at(-1)?.client
    if (client === undefined || client === 'system') return undefined
    const exchange = dhcpOf(session).filter((moment) => moment.client === client)
    const offers = exchange.filter(({ message }) => message === 'offer')
    const [first] = offers
    if (first === undefined || exchange.some(({ message }) => message === 'request' || message === 'ack')) return undefined
    if (dhcp6Of(session, 'reply').length > 0 || session.moments.some((moment) => moment.kind === 'tftp' || moment.kind === 'http' || moment.kind === 'script')) return undefined
    const asked = exchange.filter(({ message, atMs }) => message === 'discover' && atMs > first.atMs)
    if ((asked.length < 2 && quietMs < patienceMs) || (mode === 'proxy' && ownDuids.length > 0 && quietMs < ipv6ComesMs)) return undefined
    const who = client === 'ipxe' ? 'iPXE' : 'The firmware'
    const evidence = [...offers.slice(0, 3), ...asked.slice(-2)]
    if (mode === 'proxy') {
      const theirs = offers.find(({ address }) => address !== '')
      return {
        severity: 'error', evidence,
        happened: theirs ? `${who} was told what to boot, and never asked for ${theirs.address}, which ${theirs.server ?? 'another server'} offered.` : `${who} was told what to boot, and asked no server for an address: no offer of one was seen here.`,
        todo: theirs ? 'Look whether both answers reach it: DHCP snooping on the switch often lets only one trusted port answer. Its own screen says which offers it saw.'
          : 'Look whether the DHCP server of this network gives it an address at all (is it up, has it addresses left, does it know this client?), and whether both answers reach it: DHCP snooping on the switch often lets only one trusted port answer.',
      }
    }
    return {
      severity: 'error', evidence,
      happened: `${who} was offered ${first.address || 'its boot file'} ${offers.length === 1 ? 'once' : `${offers.length} times`} and never asked for it.`,
      todo: 'Look whether answers reach it: DHCP snooping, port isolation or a firewall between may drop what comes from UDP port 67. Its own screen says which offers it saw.',
    }
  },
})
