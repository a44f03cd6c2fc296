import { dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** Somebody else answers: with addresses in mode full, with something to boot in mode proxy. */
export const otherServer = defineRule({
  id: 'other-server', title: 'Another DHCP server answered',
  look({ session, context: { ours, mode } }) {
    if (ours.length === 0) return undefined
    const isOther = (server: string | null): boolean => server !== null && !ours.includes(server)
    const answers = dhcpOf(session).filter((moment) => !moment.fromMachine && moment.client !== 'system' && isOther(moment.server) && (mode === 'full' || moment.bootFile !== ''))
    const choices = dhcpOf(session, 'request').filter((moment) => mode === 'full' && moment.client !== 'system' && isOther(moment.server))
    const evidence = [...answers, ...choices]
    const server = evidence[0]?.server
    if (server == null) return undefined
    return {
      severity: choices.length > 0 ? 'error' : 'warn', evidence,
      happened: choices.length > 0 ? `Another DHCP server, ${server}, answered, and the machine took its address from there.` : `Another DHCP server, ${server}, ${mode === 'proxy' ? 'offered it something to boot' : 'answered as well'}.`,
      todo: mode === 'proxy' ? `Take the boot file (next-server, filename, options 66 and 67) out of the configuration of ${server}: in mode proxy it gives the addresses, and the appliance says what to boot.`
        : `Turn ${server} off on this network, or set the network to mode proxy: then it gives the addresses and the appliance says what to boot.`,
    }
  },
})
