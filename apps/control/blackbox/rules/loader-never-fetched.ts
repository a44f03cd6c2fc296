import { dhcpOf, takenElsewhere } from '../sessions.ts'
import { defineRule } from './rule.ts'

const patienceMs = 12_000

/** It has an address and the name of its loader, and never asks for the file. */
export const loaderNeverFetched = defineRule({
  id: 'loader-never-fetched', title: 'It never fetched its loader', behind: ['loader-left', 'proxy-port-closed', 'other-server'],
  look({ session, quietMs, context: { mode, ours } }) {
    const acked = dhcpOf(session, 'ack').findLast(({ client, isProxyPort }) => client === 'firmware' && !isProxyPort) ?? (mode === 'proxy' ? takenElsewhere(session, 'firmware', ours) : undefined)
    // In mode proxy the address comes from one server and the name of the loader from another.
    const named = dhcpOf(session).findLast(({ client, fromMachine, bootFile }) => client === 'firmware' && !fromMachine && bootFile !== '')
    if (acked === undefined || named === undefined || quietMs < patienceMs) return undefined
    const went = session.moments.some((moment) => moment.atMs >= acked.atMs && (moment.kind === 'tftp' || moment.kind === 'http' || moment.kind === 'script' || ((moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.client === 'ipxe')))
    if (went) return undefined
    const isUrl = named.bootFile.startsWith('http')
    const connect = session.moments.filter(({ kind }) => kind === 'connect')
    return {
      severity: 'error', evidence: [acked, named, ...connect], happened: `It got ${acked.address} and was told to fetch ${named.bootFile}, and ${connect.length > 0 ? 'could not connect' : 'no request for it ever arrived'}.`,
      todo: isUrl ? 'Let TCP port 80 of the appliance through every firewall between.' : 'Let UDP port 69 and the high UDP ports of the appliance through every firewall between (TFTP answers from a new port), and look whether the machine can reach the appliance: gateway, VLAN.',
    }
  },
})
