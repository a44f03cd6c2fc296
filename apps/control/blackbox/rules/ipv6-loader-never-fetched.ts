import { dhcp6Of } from '../sessions.ts'
import { defineRule } from './rule.ts'

const patienceMs = 15_000

/** It has an IPv6 address and the URL of its loader, and never asks for the file. */
export const ipv6LoaderNeverFetched = defineRule({
  id: 'ipv6-loader-never-fetched', title: 'It never fetched its loader over IPv6', behind: ['loader-left', 'ipv6-other-server'],
  look({ session, quietMs }) {
    const given = dhcp6Of(session, 'reply').findLast(({ client, bootFile, address }) => client === 'firmware' && bootFile !== '' && address !== '')
    if (given === undefined || quietMs < patienceMs) return undefined
    const went = session.moments.some((moment) => moment.atMs >= given.atMs && (moment.kind === 'tftp' || moment.kind === 'http' || moment.kind === 'script' || ((moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.client === 'ipxe')))
    if (went) return undefined
    const connects = session.moments.filter(({ kind, atMs }) => kind === 'connect' && atMs >= given.atMs)
    return {
      severity: 'error', evidence: [given, ...connects],
      happened: `It got ${given.address} by DHCPv6 and was told to boot from ${given.bootFile}, and ${connects.length > 0 ? 'could not connect' : 'no request for it ever arrived'}.`,
      todo: `Let ${given.bootFile.startsWith('http') ? 'TCP port 80' : 'UDP port 69 and the high UDP ports'} of the appliance through every firewall for IPv6 too, and ICMPv6 (neighbours are found by it); firmware that takes no such URL says so on its screen: boot it by IPv4.`,
    }
  },
})
