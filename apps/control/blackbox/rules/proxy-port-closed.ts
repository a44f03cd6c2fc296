import { defineRule } from './rule.ts'

/** PXE firmware asks the proxy on port 4011 for its boot file, and nobody listens there. @see PXE 2.1 §2.2.5 */
export const proxyPortClosed = defineRule({
  id: 'proxy-port-closed', title: 'Nobody listens on port 4011',
  look({ session }) {
    const refusals = session.moments.filter((moment) => moment.kind === 'unreachable' && moment.port === 4011)
    const [first] = refusals
    if (first?.kind !== 'unreachable') return undefined
    return {
      severity: 'error', evidence: refusals.slice(0, 3), happened: `The firmware asked ${first.from} on UDP port 4011 for its boot file, and nothing listens there.`,
      todo: `Start the boot server on ${first.from}, or take option 60 “PXEClient” out of the answers of the DHCP server on it: that option sends firmware to port 4011.`,
    }
  },
})
