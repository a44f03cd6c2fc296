import { dhcpOf, takenElsewhere } from '../sessions.ts'
import { defineRule } from './rule.ts'

const patienceMs = 8000

/** Somebody else answers: with addresses in mode full, with something to boot in mode proxy. */
export const otherServer = defineRule({
  id: 'other-server', title: 'Another DHCP server answered',
  look({ session, quietMs, context: { ours, mode, otherBootFiles } }) {
    if (ours.length === 0) return undefined
    const isOther = (server: string | null): boolean => server !== null && !ours.includes(server)
    const answers = dhcpOf(session).filter((moment) => !moment.fromMachine && moment.client !== 'system' && isOther(moment.server) && (mode === 'full' || moment.bootFile !== ''))
    const choices = dhcpOf(session, 'request').filter((moment) => mode === 'full' && moment.client !== 'system' && isOther(moment.server))
    const takeOut = (server: string): string => `Take the boot file (next-server, filename, options 66 and 67) out of the configuration of ${server}: in mode proxy it gives the addresses, and the appliance says what to boot.`
    const taken = mode === 'proxy' ? takenElsewhere(session, 'ipxe', ours) ?? takenElsewhere(session, 'firmware', ours) : undefined
    const theirFile = otherBootFiles.get(taken?.server ?? '')
    // Its answer went to the machine alone: what it says to boot is known from our own question, and what the machine did from its silence here.
    if (taken?.server != null && theirFile !== undefined && quietMs >= patienceMs && !session.moments.some(({ kind, atMs }) => atMs >= taken.atMs && (kind === 'tftp' || kind === 'http' || kind === 'connect' || kind === 'script' || kind === 'inventory'))) {
      return { severity: 'error', evidence: [taken, ...answers], happened: `It took its address from ${taken.server}, which says what to boot as well, ${theirFile}, and fetched nothing from this appliance.`, todo: takeOut(taken.server) }
    }
    const evidence = [...answers, ...choices]
    const server = evidence[0]?.server
    if (server == null) return undefined
    return {
      severity: choices.length > 0 ? 'error' : 'warn', evidence,
      happened: choices.length > 0 ? `Another DHCP server, ${server}, answered, and the machine took its address from there.` : `Another DHCP server, ${server}, ${mode === 'proxy' ? 'offered it something to boot' : 'answered as well'}.`,
      todo: mode === 'proxy' ? takeOut(server)
        : `Turn ${server} off on this network, or set the network to mode proxy: then it gives the addresses and the appliance says what to boot.`,
    }
  },
})
