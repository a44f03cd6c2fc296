import { dhcpOf } from '../sessions.ts'
import { defineRule, span } from './rule.ts'

const patienceMs = 90_000

/** The ramdisk runs and has the network, and what it says of the machine never arrives. */
export const ramdiskMute = defineRule({
  id: 'ramdisk-mute', title: 'The ramdisk runs but does not report', behind: ['kernel-panic', 'too-little-memory', 'clock-skew', 'claim-held', 'disk-not-booted'],
  look({ session, quietMs }) {
    const script = session.moments.findLast(({ kind }) => kind === 'script')
    if (script?.kind !== 'script' || script.decision !== 'ramdisk' || session.moments.some((moment) => moment.kind === 'inventory' || moment.kind === 'agent')) return undefined
    const signs = [...session.moments.filter((moment) => moment.kind === 'kernel'), ...dhcpOf(session, 'ack').filter(({ client, atMs }) => client === 'system' && atMs > script.atMs)]
    const last = signs.at(-1)
    if (last === undefined || quietMs < patienceMs) return undefined
    return {
      severity: 'error', evidence: signs.slice(-3), happened: `The ramdisk runs and has an address, and for ${quietMs === Number.POSITIVE_INFINITY ? 'all of its life' : span(quietMs)} it has not told what the machine is.`,
      todo: 'Let TCP port 443 of the appliance through every firewall between: the facts travel over TLS. The boot log on the machine’s page says what curl answered.',
    }
  },
})
