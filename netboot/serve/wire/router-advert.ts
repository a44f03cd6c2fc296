import { allNodesMac, encodeRouterAdvertisement } from '../../codec/icmp6-ra.ts'
import type { NetbootLog } from '../../site.ts'
import type { PacketSocket } from '../linux/native.ts'

const etherTypeIpv6 = 0x86dd
const periodMs = 3000
const listenMs = 100
const leastGapMs = 50

/** Sends router advertisements on one interface until closed. */
export interface RouterAdvert {
  /** Sends one now, unless one has just gone out. */
  nudge(): void
  close(): void
}

/**
 * Says every three seconds, and to whoever solicits, that no IPv6 router is here for anybody: iPXE otherwise waits some 13 s at every boot.
 * With `prefixes` (8 bytes each, at most 4) it says also that these are on the wire, and that DHCPv6 gives addresses of them.
 * Node cannot wait on a packet socket, so solicitations are looked for ten times a second; the kernel's filter lets nothing else in.
 */
export function advertiseRouter(frames: PacketSocket, mac: string, prefixes: () => readonly Uint8Array[], log: NetbootLog, now: () => number = Date.now): RouterAdvert {
  let lastMs = 0
  let hasFailed = false
  const send = (): void => {
    lastMs = now()
    try {
      frames.send(allNodesMac, etherTypeIpv6, encodeRouterAdvertisement(mac, prefixes().slice(0, 4)))
      hasFailed = false
    } catch (error) {
      // An interface that is down for a moment must not end the server; it is said once.
      if (!hasFailed) log.warn({ error: String(error) }, 'routerAdvert.notSent')
      hasFailed = true
    }
  }
  const nudge = (): void => { if (now() - lastMs >= leastGapMs) send() }
  const period = setInterval(send, periodMs).unref()
  const listen = setInterval(() => {
    let isAsked = false
    for (let count = 0; count < 64 && frames.receive() !== undefined; count += 1) isAsked = true
    if (isAsked) nudge()
  }, listenMs).unref()
  send()
  return { nudge, close() { clearInterval(period); clearInterval(listen) } }
}
