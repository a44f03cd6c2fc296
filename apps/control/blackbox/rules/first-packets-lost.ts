import { addressTalkOf, dhcpOf, httpOf, tftpOf } from '../sessions.ts'
import { defineRule, span } from './rule.ts'

/** Quirk: iPXE says four more with each question, 4 in its first (bios-virtio-ipxe.pcap): no seconds at all. Firmware says 0 in its first. */
const lateSeconds = { firmware: 8, ipxe: 16, system: 12 } as const
const portMs = [20_000, 90_000] as const

/** A switch port that blocks for half a minute after each link-up swallows the first questions. */
export const firstPacketsLost = defineRule({
  id: 'first-packets-lost', title: 'Its first packets were lost',
  look({ session }) {
    const todo = 'Make its switch port an edge port (portfast, “spanning-tree port type edge”): until then the port drops everything for some 30 seconds after each link-up.'
    for (const client of ['firmware', 'ipxe', 'system'] as const) {
      const [first] = dhcpOf(session, 'discover').filter((moment) => moment.client === client)
      if (first?.secs == null || first.secs < lateSeconds[client] || first.secs > 300) continue
      const who = { firmware: 'the firmware', ipxe: 'iPXE', system: 'the ramdisk' }[client]
      return { severity: 'warn', evidence: [first], happened: client === 'ipxe' ? 'The first question of iPXE that arrived here is not its first: the ones before were lost on the way.' : `The first question of ${who} that arrived here says that it has been asking for ${first.secs} seconds already: the ones before were lost on the way.`, todo }
    }
    const loader = [...tftpOf(session), ...httpOf(session)].filter(({ endMs }) => dhcpOf(session, 'discover').some((moment) => moment.client === 'ipxe' && moment.atMs > endMs)).at(-1)
    const asking = addressTalkOf(session).find((moment) => moment.client === 'ipxe')
    if (loader === undefined || asking === undefined || addressTalkOf(session).every(({ client }) => client !== 'firmware')) return undefined
    const gapMs = asking.atMs - loader.endMs
    if (gapMs < portMs[0] || gapMs > portMs[1]) return undefined
    return { severity: 'warn', evidence: [loader, asking], happened: `${span(gapMs)} passed between the loader and its first packet: the card's link went down and the switch port was closed meanwhile.`, todo }
  },
})
