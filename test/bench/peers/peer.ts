import type { ServerPlan, World } from '../world.ts'

/** What a DHCP server of the bench gives out: dotted, both ends included. */
export interface Pool {
  readonly from: string
  readonly to: string
}

/** A DHCP server to compare with: same network, pool, options and lease time for all, leases on disk as it comes. */
export interface DhcpPeer {
  readonly id: string
  plan(world: World, pool: Pool): ServerPlan
}

/** A TFTP or HTTP server to compare with: serves the files of a folder. */
export interface FilePeer {
  readonly id: string
  plan(world: World, folder: string): ServerPlan
  /** What a client asks for to get the file of this name. */
  path(name: string): string
}

/** The lease time of all DHCP servers. */
export const leaseSeconds = 4000
