import net from 'node:net'
import { followNetworks, type Part } from '#netboot/serve/follow-networks'
import type { NetbootLog, NetworkView } from '#netboot/site'

/** What the doors lead to. */
export interface DoorsPlan {
  /** Serves behind every door, and listens at `first` itself. */
  readonly server: net.Server
  readonly first: string
  readonly port: number
  /** Another array after each change, the same one until then. */
  networks(): readonly NetworkView[]
  /** Makes the server's certificate name the addresses that there are now. */
  cover(): Promise<void>
  readonly log: NetbootLog
}

/** The doors that are open. */
export interface MachineDoors {
  /** Why machines of some network are not let in, as sentences; empty where all are. */
  troubles(): readonly string[]
  close(): Promise<void>
}

/**
 * Lets machines in at the appliance's address on every network that it stands in, beside the first: a machine there may have no route to any
 * other. Networks that come or go meanwhile are followed within a second; an address that cannot be had yet is tried again.
 */
export const openMachineDoors = (plan: DoorsPlan): Promise<MachineDoors> => followNetworks(plan.networks, ({ relayed, address, cidr }) =>
  (relayed || address === plan.first ? [] : [{ key: `TLS ${address}`, isOptional: true, open: () => openDoor(plan, address, cidr) }]), plan.log)

async function openDoor({ server, port, cover, log }: DoorsPlan, address: string, cidr: string): Promise<Part> {
  const inside = new Set<net.Socket>()
  const door = net.createServer({ noDelay: true }, (socket) => {
    inside.add(socket)
    socket.once('close', () => inside.delete(socket))
    server.emit('connection', socket)
  })
  door.maxConnections = server.maxConnections
  try {
    await cover()
    await new Promise<void>((resolve, reject) => { door.once('error', reject).listen(port, address, resolve) })
  } catch (cause) {
    throw new Error(`Machines of ${cidr} cannot be discovered or deployed, because they find no TLS at ${address}, port ${port}. It is tried again every ten seconds`, { cause })
  }
  door.on('error', (error) => log.error({ err: error, address }, 'machines.doorFailed'))
  return {
    serve: () => log.info({ address, port }, 'machines.serving'),
    async close() {
      const closed = new Promise<void>((resolve) => { door.close(() => resolve()) })
      for (const socket of inside) socket.destroy()
      await closed
      // One name too many does no harm, and the next change takes it out.
      await cover().catch((error: unknown) => log.error({ err: error, address }, 'machines.certificateKept'))
    },
  }
}
