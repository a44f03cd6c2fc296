import type { Mac } from '#contract/mac'
import type { NetbootLog, NetworkView, Site, TransferView } from '../site.ts'
import { LoaderMemory } from '../policy/boot/loader-memory.ts'
import { bootHandler, createBootHttp } from './http/boot-http.ts'
import { openBooks, type DhcpBooks } from './dhcp/books.ts'
import { serveDhcp } from './dhcp/dhcp.ts'
import { dhcp6Groups, serveDhcp6 } from './dhcp/dhcpv6.ts'
import { openBooks6, type Dhcp6Books, type Ipv6Network } from './dhcp/dhcpv6-books.ts'
import { countDrops, type Drops } from './drops.ts'
import { serveLogUdp } from './logs/log-udp.ts'
import { interfaceMac, listenForFrames, openPacketSocket } from './linux/native.ts'
import { probeConflicts } from './wire/conflict-probe.ts'
import { openNeighbourTable, watchNeighbours } from './wire/neighbours.ts'
import { watchServers } from './wire/server-watch.ts'
import { advertiseRouter } from './wire/router-advert.ts'
import { followNetworks, type Part } from './follow-networks.ts'
import { addOwnAddress } from './linux/own-address.ts'
import { recordPackets } from './recorder/recorder.ts'
import { defaultDownloadLimit, watchDownloads, type Downloads } from './http/downloads.ts'
import { startFileMover, type FileMover } from './http/file-mover-thread.ts'
import { openLoopbackWire } from './rehearsal/wire.ts'
import { rehearseRecorder } from './rehearsal/rehearse-recorder.ts'
import { rehearseDhcp, silent } from './rehearsal/rehearse-dhcp.ts'
import { startTftpMover, type TftpMover } from './tftp/tftp-mover-thread.ts'
import { serveTftp, type TftpSession } from './tftp/tftp.ts'
import { bindUdp, type UdpPort } from './linux/udp.ts'

/** How netboot is started. `httpPort` is 80 but in tests: firmware knows no other. */
export interface NetbootOptions {
  readonly site: Site
  readonly log: NetbootLog
  readonly now?: () => number
  readonly httpPort?: number
  /** How many machines may download their image at once. */
  readonly downloadLimit?: number
}

/** A running netboot. */
export interface Netboot {
  /** Who has this address by our leases, else by the neighbour table of the wire it is on; or null. */
  macOf(address: string): Mac | null
  /** Why some network that came later is not served, as sentences; empty where all are. */
  troubles(): readonly string[]
  /** Gives an address back for its client, or for nobody who left it alone. Resolves to false where nothing was given there. Rejects where it cannot be stored. */
  release(networkId: string, address: string): Promise<boolean>
  /** How many addresses of a network could be given out now, and how many it has in all; undefined where it is not served. */
  pool(networkId: string): { free: number; held: number; size: number } | undefined
  /** What is on its way to whom, by TFTP and HTTP, and who waits for an image. */
  transfers(): readonly TransferView[]
  /** Ends all transfers and frees all ports. */
  close(): Promise<void>
}

interface World { readonly site: Site; readonly books: DhcpBooks; readonly books6: Dhcp6Books; readonly macOf: (address: string) => Mac | null; readonly note: (address: string) => void; readonly drops: Drops; readonly mover: TftpMover; readonly files: FileMover; readonly downloads: Downloads; readonly listTftp: Set<() => readonly TftpSession[]>; readonly loaders: LoaderMemory; readonly log: NetbootLog; readonly now: () => number; readonly httpPort: number; readonly rehearsed: () => Promise<unknown> }

/**
 * Starts DHCP (67, 4011; 547 where a network has IPv6) and router advertisements on every interface of the site's networks, and TFTP (69), boot HTTP (80) and log receivers
 * (514, 6666) on every address of ours there. Needs root or CAP_NET_RAW, CAP_NET_BIND_SERVICE and CAP_NET_ADMIN. All sockets of the first
 * networks are bound before any serves: half a boot server would strand machines. Rejects with the port and interface where one cannot be
 * bound; what was bound is then closed again. Networks that come later, and all of IPv6, are served within a second, or `troubles` says why not.
 */
export async function startNetboot({ site: given, log, now = Date.now, httpPort = 80, downloadLimit = defaultDownloadLimit }: NetbootOptions): Promise<Netboot> {
  const loaders = new LoaderMemory()
  const site: Site = { ...given, report(event) { loaders.hear(event); given.report(event) } }
  const drops = countDrops(site)
  const books = openBooks(site)
  const books6 = openBooks6(books.networks, now)
  const table = openNeighbourTable()
  const neighbours = watchNeighbours({ site, networks: books.networks, find: table.find, hasLease: books.hasLease, log, now })
  const macOf = (address: string): Mac | null => (address.includes(':') ? books6.macOf(address) : books.macOf(address, now()) ?? neighbours.macOf(address))
  const note = (address: string): void => { if (!address.includes(':') && books.macOf(address, now()) === null) neighbours.note(address) }
  const files = startFileMover(log)
  const downloads = watchDownloads(downloadLimit, macOf, now)
  const listTftp = new Set<() => readonly TftpSession[]>()
  const mover = startTftpMover(log, (reason, count) => drops.count('tftp', reason, count))
  let rehearsal: Promise<readonly object[]> | undefined
  const world: World = { site, books, books6, macOf, note, drops, mover, files, downloads, listTftp, loaders, log, now, httpPort, rehearsed: () => (rehearsal ??= rehearse(site, log)) }
  const sweep = setInterval(() => { for (const network of books.networks()) books.book(network).sweep(now()) }, 1000).unref()
  const end = async (): Promise<void> => { clearInterval(sweep); downloads.close(); table.close(); await Promise.all([mover.close(), files.close()]); drops.close() }
  try {
    const parts = await followNetworks(books.networks, (network) => [
      { key: network.interface, open: () => openInterface(world, network.interface) },
      { key: `${network.interface} ${network.address}`, open: () => openAddress(world, network.interface, network.address) },
      ...(hasOwnIpv6(network) ? [
        { key: `${network.interface} ${network.ipv6.address}`, isOptional: true, open: () => openIpv6Address(world, network) },
        { key: `${network.interface} DHCPv6`, isOptional: true, open: () => openDhcp6(world, network.interface) },
      ] : []),
    ], log)
    return {
      macOf, troubles: parts.troubles,
      async release(networkId, address) {
        const network = books.networks().find(({ id }) => id === networkId)
        const lease = network && books.book(network).ofAddress(address)
        if (!network || !lease || lease.state === 'released') return false
        const released = { ...lease, state: 'released' as const, expiresAtMs: now() }
        await site.commitLease(released)
        books.book(network).record(released)
        return true
      },
      pool(networkId) {
        const network = books.networks().find(({ id }) => id === networkId)
        if (!network) return undefined
        const { freeCount: free, heldCount: held, size } = books.book(network)
        return { free, held, size }
      },
      transfers: () => [...Array.from(listTftp, (list) => list()).flat().map((session) => viewSession(session, macOf, now())), ...downloads.view()],
      async close() { await parts.close(); await end() },
    }
  } catch (cause) {
    await end()
    throw new Error('starting the boot servers', { cause })
  }
}

/** Over the loopback where it can be had. */
async function rehearse(site: Site, log: NetbootLog): Promise<readonly object[]> {
  const bind = (): Promise<UdpPort> => bindUdp('lo', '127.0.0.1', 0, silent)
  const ports = await Promise.all([bind(), bind()]).catch((error: unknown) => { log.debug({ err: error }, 'rehearsal.noLoopback'); return undefined })
  const dhcp = await rehearseDhcp(site, ports && [openLoopbackWire(ports[0]), openLoopbackWire(ports[1])])
  return site.record === undefined ? [dhcp] : [dhcp, await rehearseRecorder()]
}

function viewSession(session: TftpSession, macOf: (address: string) => Mac | null, nowMs: number): TransferView {
  const { client: { address }, file, startedAtMs, sizeBytes } = session
  const sentBytes = session.transfer.sentBytes()
  return { kind: 'tftp', mac: macOf(address), address, file, sizeBytes, sentBytes, startedAtMs, bytesPerSecond: Math.round((sentBytes * 1000) / Math.max(1, nowMs - startedAtMs)), position: 0 }
}

/** DHCP and router advertisements of one interface. */
async function openInterface(world: World, device: string): Promise<Part> {
  const mac = interfaceMac(device)
  if (!mac) throw new Error(`the interface ${device} does not exist or has no address`)
  const opened: { close(): void | Promise<void> }[] = []
  const close = async (): Promise<void> => { for (const part of opened.toReversed()) await part.close() }
  try {
    const bind = async (port: number): Promise<UdpPort> => { const bound = await bindUdp(device, '0.0.0.0', port, world.log); opened.push(bound); return bound }
    const ports = { server: await bind(67), proxy: await bind(4011) }
    const frames = openPacketSocket(device, true)
    opened.push(frames)
    // The ports are bound: who asks meanwhile waits in the kernel's buffer and is not lost.
    await world.rehearsed()
    return {
      close,
      serve() {
        const recorder = recordPackets({ site: world.site, device, macOf: world.macOf, log: world.log })
        if (recorder) opened.push(recorder)
        const advert = advertiseRouter(frames, mac, () => world.books6.prefixesOnWire(device), world.log, world.now)
        opened.push(advert)
        const { books, site, log, now } = world
        const watch = watchServers({ site, device, networks: books.networks, frames, answers: listenForFrames(device, 'dhcpAnswers'), log, now })
        opened.push(watch)
        const probe = probeConflicts({ site, device, mac: Buffer.from(mac.replaceAll(':', ''), 'hex'), books, frames, replies: listenForFrames(device, 'arpReplies'), log, now })
        opened.push(probe)
        serveDhcp({
          ...world, device, ports, frames, standsBack: watch.standsBack, promised: probe.promised,
          heard(request, from) {
            if (request.relayAddress !== null) return
            if (request.clientAddress !== null && request.clientAddress === from.address) world.note(from.address)
            advert.nudge()
            if (request.type === 'request' && request.serverId !== null) watch.chosen(request.serverId)
          },
        })
        world.log.info({ device }, 'netboot.serving')
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

const hasOwnIpv6 = (network: NetworkView): network is Ipv6Network => network.ipv6 !== undefined && !network.relayed

/** DHCPv6 of one interface. */
async function openDhcp6(world: World, device: string): Promise<Part> {
  const mac = interfaceMac(device)
  if (!mac) throw new Error(`the interface ${device} does not exist or has no address`)
  const port = await bindUdp(device, '::', 547, world.log, dhcp6Groups)
  return { close: () => port.close(), serve() { serveDhcp6({ ...world, device, mac, books: world.books6, port }) } }
}

/** The same as of an IPv4 address, of one that netboot puts on the interface for as long as it serves there. */
async function openIpv6Address(world: World, { interface: device, ipv6 }: Ipv6Network): Promise<Part> {
  const own = addOwnAddress(device, ipv6.address)
  try {
    const part = await openAddress(world, device, ipv6.address)
    return { serve: () => part.serve(), async close() { await part.close(); own.remove() } }
  } catch (error) {
    own.remove()
    throw error
  }
}

/** TFTP, boot HTTP and log receivers of one address of ours. */
async function openAddress({ site, books, books6, macOf, note, drops, mover, files, downloads, listTftp, log, now, httpPort }: World, device: string, address: string): Promise<Part> {
  const opened: { close(): void | Promise<void> }[] = []
  const close = async (): Promise<void> => { for (const part of opened.toReversed()) await part.close() }
  const isOurs = (one: NetworkView): boolean => one.address === address || one.ipv6?.address === address
  // Read again for each decision: the policy may change while the sockets stay.
  const network = (client?: string): NetworkView => {
    const ofClient = client === undefined ? undefined : client.includes(':') ? books6.networkOf(client) : books.networkOf(client)
    const found = ofClient && isOurs(ofClient) ? ofClient : books.networks().find((one) => one.interface === device && isOurs(one))
    if (!found) throw new Error(`the site has no network at ${address} any more`)
    return found
  }
  const host = address.includes(':') ? `[${address}]` : address
  try {
    const bind = async (port: number): Promise<UdpPort> => { const bound = await bindUdp(device, address, port, log); opened.push(bound); return bound }
    const tftp = await bind(69)
    const sources = mover.open(device, address)
    opened.push({ close: () => mover.release(sources) })
    const syslog = await bind(514)
    const netconsole = await bind(6666)
    // HTTP has no "bound but not serving": a request is answered as soon as it listens, so it waits for a gate.
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => { open = resolve })
    const handler = bootHandler({ site, network, host, macOf, note, drops, mover: files, downloads, log, now })
    opened.push(await createBootHttp(async (req, res) => { await gate; return handler(req, res) }, address, httpPort, () => drops.count('http', 'too-many')))
    return {
      close,
      serve() {
        const tftpServer = serveTftp({ site, port: tftp, mover, sources, network, host, macOf, note, drops, log, now })
        listTftp.add(tftpServer.sessions)
        opened.push({ close() { listTftp.delete(tftpServer.sessions); tftpServer.close() } })
        serveLogUdp({ site, syslog, netconsole, macOf, drops, now })
        open()
        log.info({ device, address }, 'netboot.serving')
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
