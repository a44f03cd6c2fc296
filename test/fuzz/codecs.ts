import { decodeFrame } from '#netboot/codec/frame'
import { decodeDhcp4, encodeDhcp4 } from '#netboot/codec/dhcp4'
import { decodeDhcp6, encodeDhcp6 } from '#netboot/codec/dhcpv6'
import { parseFacts } from '#netboot/codec/facts'
import { decodeLldp } from '#netboot/codec/lldp'
import { parseNetconsole, parseSyslog } from '#netboot/codec/syslog'
import { decodeTftp } from '#netboot/codec/tftp'
import { readBootRequest } from '#netboot/policy/dhcp/boot-request'
import { readRequest6 } from '#netboot/policy/dhcpv6/request'
import { chooseFrames } from '#netboot/serve/recorder/recorder'
import { readServer } from '#netboot/serve/wire/server-watch'
import { hostilePackets } from '../sim/random.ts'
import { memorySite } from '../sim/memory-site.ts'
import { seedsOf, type Protocol } from './corpus.ts'

/** What came of a run: how many packets could be read, and the first ones that made a codec throw, as hex. */
export interface CodecOutcome { readonly protocol: Protocol; readonly packets: number; readonly read: number; readonly thrown: { hex: string; error: string }[] }

/**
 * Gives a codec `packets` hostile packets, the same ones for the same seed. What can be read is taken one step further, as the server does:
 * a request is made of it, and it is encoded again.
 */
export function fuzzCodec(protocol: Protocol, packets: number, seed = 1): CodecOutcome {
  const thrown: { hex: string; error: string }[] = []
  let read = 0
  for (const packet of hostilePackets(seedsOf(protocol), packets, seed)) {
    try {
      if (take(protocol, packet)) read += 1
    } catch (error) {
      if (thrown.length < 10) thrown.push({ hex: Buffer.from(packet).toString('hex'), error: String(error) })
    }
  }
  return { protocol, packets, read, thrown }
}

/** The recorder's choice, before a site that knows no machine and no lease. */
const keep = chooseFrames({ site: memorySite([], {}, ''), macOf: () => null })

function take(protocol: Protocol, packet: Uint8Array): boolean {
  switch (protocol) {
    case 'dhcp': case 'proxy': {
      decodeFrame(packet)
      const decoded = decodeDhcp4(packet)
      if (!decoded.ok) return false
      readBootRequest(decoded.value)
      encodeDhcp4(decoded.value, 1472)
      return true
    }
    case 'dhcp6': {
      const decoded = decodeDhcp6(packet)
      if (!decoded.ok) return false
      readRequest6(decoded.value, 'fe80::5054:ff:fe00:1')
      encodeDhcp6(decoded.value)
      return true
    }
    case 'tftp': return decodeTftp(packet).ok
    case 'syslog': return parseSyslog(packet).every((line) => line.text.length <= 2000)
    case 'netconsole': return parseNetconsole(packet).every((line) => line.text.length <= 2000)
    case 'arp': return decodeFrame(packet)?.content.kind === 'arp'
    case 'answer': return readServer(packet, 1) !== undefined
    case 'recorded': return [false, true].map((outgoing) => keep({ bytes: packet, wholeBytes: packet.length, atMs: 0, outgoing })).some((kept) => kept !== undefined)
    // It comes as hex in what a machine tells of itself: the machine may write anything there.
    case 'lldp': return [Buffer.from(packet).toString('hex'), Buffer.from(packet).toString('latin1')].map((words) => decodeLldp(words).ok).includes(true)
    case 'facts': return parseFacts(new TextDecoder().decode(packet)).ok
  }
}
