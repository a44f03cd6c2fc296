import type { Mac } from '#contract/mac'
import { decodeDhcp6 } from '../../codec/dhcpv6.ts'
import { decodeFrame, macText, type Frame } from '../../codec/frame.ts'
import { macOfEui64 } from '../../codec/ipv6.ts'
import { readRequest6 } from '../../policy/dhcpv6/request.ts'
import type { NetbootLog, RecordedFrame, Site } from '../../site.ts'
import { recorderFilter } from './filter.ts'
import { mostPerTick, RecorderPace } from './pace.ts'
import { openPacketRing, type HeardFrame, type PacketRing } from './ring.ts'
import { Thinning } from './thinning.ts'

const tickMs = 50
const mostFollowed = 8192

/** What the recorder of one network works with. */
export interface RecorderWorld {
  readonly site: Site
  readonly device: string
  readonly macOf: (address: string) => Mac | null
  readonly log: NetbootLog
}

/**
 * Records what every machine that asks for an address says and is told, off the servers' path: the kernel copies frames into a ring of its
 * own, and a timer hands them to the site. Returns undefined where the site keeps no packets or the kernel gives no ring: machines boot
 * without it.
 *
 * INVARIANTS: a machine is recorded from its first DHCP message on, never before; a tick's work is bounded; nothing here throws.
 */
export function recordPackets(world: RecorderWorld): { close(): void } | undefined {
  const { site, log, device } = world
  if (site.record === undefined) return undefined
  const pace = new RecorderPace()
  let ring: PacketRing
  try {
    ring = openPacketRing(device, recorderFilter(pace.filter))
  } catch (error) {
    log.warn({ device, err: error }, 'recorder.absent')
    return undefined
  }
  const choose = chooseFrames(world)
  const drain = (): void => {
    const kept: RecordedFrame[] = []
    const heard = ring.drain(mostPerTick, (frame) => { const chosen = choose(frame); if (chosen) kept.push(chosen) })
    if (kept.length > 0) site.record?.(kept)
    if (!pace.took(heard, ring.waiting())) return
    ring.filter(recorderFilter(pace.filter))
    log.debug({ device, filter: pace.filter }, 'recorder.filter')
  }
  const timer = setInterval(() => {
    try {
      drain()
    } catch (error) { // a machine that boots matters more than its record
      log.error({ device, err: error }, 'recorder.broken')
    }
  }, tickMs).unref()
  return { close() { clearInterval(timer); drain(); ring.close() } }
}

/** Which frames are kept, and for whom. A kept frame's bytes are a copy. */
export function chooseFrames(world: Pick<RecorderWorld, 'site' | 'macOf'>): (heard: HeardFrame) => RecordedFrame | undefined {
  const followed = new Set<Mac>()
  const thinning = new Thinning()
  return (heard) => {
    const frame = decodeFrame(heard.bytes)
    if (frame === undefined) return undefined
    const asking = dhcpClient(frame) ?? dhcp6Client(frame)
    const mac = asking ?? peerOf(frame, heard.outgoing, world.macOf)
    if (mac === null || isGroup(mac)) return undefined
    // Our own search for other servers asks as a client too: it is nobody's boot.
    if (asking !== null && !heard.outgoing && isQuestion(frame)) {
      const [oldest] = followed
      if (!followed.has(mac) && followed.size >= mostFollowed && oldest !== undefined) followed.delete(oldest)
      followed.add(mac)
    } else if (!followed.has(mac) && world.site.machine(mac) === undefined) return undefined
    if (thinning.isDull(frame)) return undefined
    return { mac, atMs: heard.atMs, bytes: new Uint8Array(heard.bytes), wholeBytes: heard.wholeBytes, outgoing: heard.outgoing }
  }
}

const isDhcp = (port: number): boolean => port === 67 || port === 4011
const isDhcp6 = (port: number): boolean => port === 546 || port === 547
const isQuestion = ({ content }: Frame): boolean => content.kind === 'udp' && (isDhcp6(content.to.port) || content.payload[0] === 1)

/** chaddr of a DHCP message in either direction, relayed ones too; null for everything else. */
function dhcpClient({ content }: Frame): Mac | null {
  if (content.kind !== 'udp' || !isDhcp(content.to.port) && !isDhcp(content.from.port)) return null
  const { payload } = content
  if (payload.length < 240 || payload[1] !== 1 || payload[2] !== 6) return null
  return macText(payload, 28)
}

/** Whose card asks by DHCPv6 or is answered through a relay; null for everything else: another answer goes to the card that asked. */
function dhcp6Client({ content }: Frame): Mac | null {
  if (content.kind !== 'udp' || !isDhcp6(content.to.port)) return null
  const decoded = decodeDhcp6(content.payload)
  if (!decoded.ok) return null
  const request = readRequest6(decoded.value, content.from.address)
  return request.ok ? request.value.mac : macOfEui64(decoded.value.relays.at(-1)?.peerAddress ?? '') ?? null
}

function peerOf(frame: Frame, outgoing: boolean, macOf: RecorderWorld['macOf']): Mac | null {
  const { content } = frame
  const mac = outgoing ? frame.to : frame.from
  if (content.kind === 'arp') return outgoing && isGroup(mac) ? macOf(content.target.address) : mac
  if (content.kind === 'other') return mac
  const address = outgoing ? content.to : content.from
  // Behind a router the frame's own address is the router's: the lease knows better.
  return macOf(typeof address === 'string' ? address : address.address) ?? mac
}

const isGroup = (mac: Mac): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
