import type { Mac } from '#contract/mac'
import { isSimulated } from '#contract/simulated'
import { encodeArpProbe } from '../../codec/arp.ts'
import { decodeFrame } from '../../codec/frame.ts'
import { abandonMs } from '../../policy/dhcp/decide-lease.ts'
import type { NetbootLog, NetworkView, Site } from '../../site.ts'
import type { DhcpBooks } from '../dhcp/books.ts'
import type { FrameListener, PacketSocket } from '../linux/native.ts'

const tickMs = 100
/** 320 questions a second at most, and no more than these addresses are kept ready. */
const mostPerTick = 32
const enoughReady = 1024
const waitMs = 1000
/** How long silence counts. */
const freshMs = 10 * 60_000
const mostRemembered = 65_536
const etherTypeArp = 0x0806
const everybody = new Uint8Array(6).fill(0xff)

/** What the prober of one interface works with. */
export interface ProbeWorld {
  readonly site: Site
  readonly device: string
  readonly mac: Uint8Array
  readonly books: DhcpBooks
  readonly frames: PacketSocket
  readonly replies: FrameListener
  readonly log: NetbootLog
  readonly now: () => number
}

/** Finds addresses that somebody uses without having been given them. */
export interface ConflictProbe {
  /** An address was promised: it is asked about where that was not done lately. Sends nothing itself. */
  promised(network: NetworkView, address: string): void
  close(): void
}

/**
 * Asks by ARP who uses the addresses that will be given out next, off the servers' path: some are kept ready that nobody answered on. In a
 * storm, and to a client that comes back for the address it had, one may go out that was not asked about; it is asked about then, and where
 * somebody answers, the client is refused: at once where it has no ACK yet, else when it next asks. Addresses behind a relay cannot be asked about.
 */
export function probeConflicts({ site, device, mac, books, frames, replies, log, now }: ProbeWorld): ConflictProbe {
  /** Asked about and not answered yet, oldest first. */
  const asked = new Map<string, { networkId: string; atMs: number }>()
  const silentAt = new Map<string, number>()
  const queue = new Map<string, string>()
  let seed = 0
  let lastForgotMs = now()
  const onWire = (): NetworkView[] => books.networks().filter((network) => network.interface === device && network.mode === 'full' && !network.relayed)

  const ask = (networkId: string, address: string): void => {
    asked.delete(address)
    asked.set(address, { networkId, atMs: now() })
    frames.send(everybody, etherTypeArp, encodeArpProbe(mac, address))
  }
  /** Whether that settles the question. */
  const found = (network: NetworkView, address: string, owner: Mac): boolean => {
    const book = books.book(network)
    const [client, before] = [book.clientOf(address, now()), book.ofAddress(address)]
    // Its own client: one that has just taken it, or one that never stopped using it.
    if (client === owner) return false
    if (client === undefined && before?.mac === owner && (before.state === 'bound' || before.state === 'released')) {
      if (book.heldFor(owner) === undefined) book.hold(address, { mac: owner, isKnown: true }, now())
      return true
    }
    // All simulated machines have the card of the host that plays them.
    if (client !== undefined && isSimulated(client)) return false
    // Linux answers on each of its cards for the addresses of all.
    const machine = client === undefined ? undefined : site.machine(client)
    if (machine !== undefined && machine.id === site.machine(owner)?.id) return false
    const conflict = book.recordConflict({ networkId: network.id, address, mac: owner, clientId: '', hostname: '', state: 'conflict', startedAtMs: now(), expiresAtMs: now() + abandonMs }, now())
    site.report({ kind: 'dhcp.conflict', networkId: network.id, address, ownerMac: owner, clientMac: client ?? null, untilMs: conflict.expiresAtMs })
    site.commitLease(conflict).catch((error: unknown) => log.error({ address, err: error }, 'conflict.notStored'))
    return true
  }
  const listen = (networks: readonly NetworkView[]): void => {
    for (let count = 0; count < 256; count += 1) {
      const bytes = replies.receive()
      if (!bytes) return
      const content = decodeFrame(bytes)?.content
      if (content?.kind !== 'arp') continue
      const { mac: owner, address } = content.sender
      const network = networks.find(({ id }) => id === asked.get(address)?.networkId)
      if (!network) continue
      // Its own client may be the first of two to answer.
      if (found(network, address, owner)) asked.delete(address)
    }
  }
  const conclude = (networks: readonly NetworkView[]): void => {
    for (const [address, { networkId, atMs }] of asked) {
      if (now() - atMs < waitMs) break
      asked.delete(address)
      const network = networks.find(({ id }) => id === networkId)
      if (network) books.book(network).foundSilent(address)
      silentAt.delete(address)
      silentAt.set(address, atMs)
      if (silentAt.size > mostRemembered) silentAt.delete(silentAt.keys().next().value ?? '')
    }
  }
  const askMore = (networks: readonly NetworkView[]): void => {
    let left = mostPerTick
    for (const [address, networkId] of queue) {
      if (left === 0) return
      queue.delete(address)
      ask(networkId, address)
      left -= 1
    }
    for (const network of networks) {
      const book = books.book(network)
      for (const address of book.toProbe(seed, Math.min(left, enoughReady - asked.size), enoughReady, (one) => asked.has(one))) {
        ask(network.id, address)
        left -= 1
      }
      seed += mostPerTick
    }
  }
  const timer = setInterval(() => {
    try {
      const networks = onWire()
      listen(networks)
      conclude(networks)
      if (now() - lastForgotMs > freshMs) {
        lastForgotMs = now()
        for (const network of networks) books.book(network).forgetSilent()
      }
      askMore(networks)
    } catch (error) { // an interface that is down for a moment; clients are served without this
      log.warn({ device, error: String(error) }, 'conflictProbe.failed')
    }
  }, tickMs).unref()
  return {
    promised(network, address) {
      const isAsked = now() - (asked.get(address)?.atMs ?? 0) < waitMs
      if (network.relayed || isAsked || now() - (silentAt.get(address) ?? 0) < freshMs || queue.size >= enoughReady) return
      queue.set(address, network.id)
    },
    close() { clearInterval(timer); replies.close() },
  }
}
