import type { Mac } from '#contract/mac'
import { LeaseBook } from '../policy/lease-book.ts'
import type { NetbootLog, NetworkView, Site } from '../site.ts'
import { bootHandler, createBootHttp } from './boot-http.ts'
import { serveDhcp } from './dhcp.ts'
import { countDrops } from './drops.ts'
import { serveLogUdp } from './log-udp.ts'
import { interfaceMac, openPacketSocket } from './native.ts'
import { advertiseRouter } from './router-advert.ts'
import { serveTftp } from './tftp.ts'
import { bindUdp, type UdpPort } from './udp.ts'

/** How netboot is started. `httpPort` is 80 but in tests: firmware knows no other. */
export interface NetbootOptions {
  readonly site: Site
  readonly log: NetbootLog
  readonly now?: () => number
  readonly httpPort?: number
}

/** A running netboot. */
export interface Netboot {
  /** Who has this address by our leases, or null. */
  macOf(address: string): Mac | null
  /** Ends all transfers and frees all ports. */
  close(): Promise<void>
}

interface Closable { close(): void | Promise<void> }

/**
 * Starts DHCP (67, 4011), TFTP (69), boot HTTP (80), router advertisements and log receivers (514, 6666) on every network of the site.
 * Needs root or CAP_NET_RAW, CAP_NET_BIND_SERVICE and CAP_NET_ADMIN. All sockets of all networks are bound before any serves: half a boot
 * server would strand machines. Rejects with the port and interface where one cannot be bound; what was bound is then closed again.
 */
export async function startNetboot({ site, log, now = Date.now, httpPort = 80 }: NetbootOptions): Promise<Netboot> {
  const opened: Closable[] = []
  const close = async (): Promise<void> => { for (const part of opened.toReversed()) await part.close() }
  const drops = countDrops(site)
  opened.push(drops)
  const books: LeaseBook[] = []
  const macOf = (address: string): Mac | null => {
    for (const book of books) {
      const lease = book.ofAddress(address)
      if (lease?.state === 'bound') return lease.mac
    }
    return null
  }
  try {
    const starts: (() => Promise<void> | void)[] = []
    for (const network of site.networks()) {
      const book = new LeaseBook(network, site.leases())
      books.push(book)
      starts.push(await bindNetwork(network, book))
    }
    for (const start of starts) await start()
    return { macOf, close }
  } catch (cause) {
    await close()
    throw new Error('starting the boot servers', { cause })
  }

  async function bindNetwork(network: NetworkView, book: LeaseBook): Promise<() => Promise<void>> {
    const { interface: device, address } = network
    // Read again for each decision: the policy may change while the sockets stay.
    const current = (): NetworkView => {
      const found = site.networks().find(({ id }) => id === network.id)
      if (!found) throw new Error(`the site knows no network ${network.id} any more`)
      return found
    }
    const mac = interfaceMac(device)
    if (!mac) throw new Error(`the interface ${device} does not exist or has no address`)
    const bind = async (at: string, port: number): Promise<UdpPort> => { const bound = await bindUdp(device, at, port, log); opened.push(bound); return bound }
    const server = await bind('0.0.0.0', 67)
    const proxy = await bind('0.0.0.0', 4011)
    const tftp = await bind(address, 69)
    const syslog = await bind(address, 514)
    const netconsole = await bind(address, 6666)
    const frames = openPacketSocket(device, true)
    opened.push(frames)
    // HTTP has no "bound but not serving": a request is answered as soon as it listens, so it waits for a gate.
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => { open = resolve })
    const handler = bootHandler({ site, network: current, macOf, drops, log, now })
    opened.push(await createBootHttp(async (req, res) => { await gate; return handler(req, res) }, address, httpPort))
    return async () => {
      const advert = advertiseRouter(frames, mac, log, now)
      opened.push(advert)
      opened.push(serveTftp({ site, port: tftp, address, network: current, macOf, drops, log, now }))
      serveLogUdp({ site, syslog, netconsole, macOf, drops, now })
      serveDhcp({ site, networkId: network.id, network: current, book, ports: { server, proxy }, frames, drops, log, now, heard: advert.nudge })
      open()
      log.info({ network: network.id, device, address, mode: network.mode }, 'netboot.serving')
    }
  }
}
